package agent

import (
	"crypto/tls"

	"abgleich/agent/params"
)

// MailTLS is what is trusted of mail servers by these parameters, for commands that
// speak to one without a running agent. A certificate file that can't be used is
// [fault.ParameterInvalid].
func MailTLS(p params.Params) (*tls.Config, error) {
	trusted, err := certificates(p.Communication.CertificateFile)
	if err != nil {
		return nil, err
	}
	return &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}, nil
}
