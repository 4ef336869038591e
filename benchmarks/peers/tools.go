//go:build tools

package main

import _ "github.com/byteness/aws-vault/v7" // the program that is measured
