//go:build tools

package main

import _ "github.com/99designs/aws-vault/v7" // the program that is measured
