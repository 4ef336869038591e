// Plants a long-term key, and a live session, into aws-vault's store with aws-vault's own code.
package main

import (
	"encoding/json"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/byteness/aws-vault/v7/vault"
	"github.com/byteness/keyring"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// plant BACKEND FOLDER PASSPHRASE PROFILE SERIAL reads {"key": …, "session": …} from stdin; the session may be null.
func main() {
	backend, folder, passphrase, profile, serial := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	var planted struct {
		Key     struct{ AccessKeyID, SecretAccessKey string }
		Session *struct{ AccessKeyId, SecretAccessKey, SessionToken string }
	}
	must(json.NewDecoder(os.Stdin).Decode(&planted))
	ring, err := keyring.Open(keyring.Config{
		ServiceName:             "aws-vault",
		AllowedBackends:         []keyring.BackendType{keyring.BackendType(backend)},
		FileDir:                 folder,
		FilePasswordFunc:        keyring.FixedStringPrompt(passphrase),
		LibSecretCollectionName: "login",
	})
	must(err)
	keys := vault.CredentialKeyring{Keyring: ring}
	must(keys.Set(profile, aws.Credentials{
		AccessKeyID: planted.Key.AccessKeyID, SecretAccessKey: planted.Key.SecretAccessKey,
	}))
	if planted.Session == nil {
		return
	}
	expires := time.Now().Add(12 * time.Hour)
	sessions := vault.SessionKeyring{Keyring: ring}
	must(sessions.Set(vault.SessionMetadata{
		Type: "sts.GetSessionToken", ProfileName: profile, MfaSerial: serial, Expiration: expires,
	}, &ststypes.Credentials{
		AccessKeyId:     aws.String(planted.Session.AccessKeyId),
		SecretAccessKey: aws.String(planted.Session.SecretAccessKey),
		SessionToken:    aws.String(planted.Session.SessionToken),
		Expiration:      aws.Time(expires),
	}))
}
