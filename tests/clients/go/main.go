// A client in Go: for each line on stdin, a line of JSON that says who it is to AWS, or why it was refused.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

type answer struct {
	Arn   string `json:"arn,omitempty"`
	Error string `json:"error,omitempty"`
	Text  string `json:"text,omitempty"`
}

func refused(err error) answer {
	var said smithy.APIError
	if errors.As(err, &said) {
		return answer{Error: said.ErrorCode(), Text: err.Error()}
	}
	return answer{Error: fmt.Sprintf("%T", err), Text: err.Error()}
}

func call(here context.Context, identities *sts.Client, buckets *s3.Client) answer {
	identity, err := identities.GetCallerIdentity(here, nil)
	if err == nil {
		_, err = buckets.ListBuckets(here, nil)
	}
	if err != nil {
		return refused(err)
	}
	return answer{Arn: *identity.Arn}
}

func main() {
	here := context.Background()
	settings, err := config.LoadDefaultConfig(here)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	identities, buckets := sts.NewFromConfig(settings), s3.NewFromConfig(settings)
	out := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if err := out.Encode(call(here, identities, buckets)); err != nil {
			os.Exit(1)
		}
	}
}
