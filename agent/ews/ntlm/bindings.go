package ntlm

import (
	"crypto"
	"crypto/md5"
	_ "crypto/sha256" // crypto.SHA256.New
	_ "crypto/sha512" // crypto.SHA384.New, crypto.SHA512.New
	"crypto/x509"
	"encoding/binary"
)

// ChannelBindings gives the value of MsvAvChannelBindings for a TLS server
// certificate: the MD5 of a gss_channel_bindings_struct (MS-NLMP 2.2.2.1) whose
// application data is the tls-server-end-point binding of RFC 5929.
func ChannelBindings(cert *x509.Certificate) []byte {
	data := EndPoint(cert)
	// Four empty fields (initiator and acceptor address types and lengths)
	// stand before the application data.
	packed := make([]byte, 16, 20+len(data))
	packed = binary.LittleEndian.AppendUint32(packed, uint32(len(data)))
	sum := md5.Sum(append(packed, data...))
	return sum[:]
}

// EndPoint gives the tls-server-end-point binding of RFC 5929 4 with its prefix.
func EndPoint(cert *x509.Certificate) []byte {
	h := bindingHash(cert.SignatureAlgorithm).New()
	h.Write(cert.Raw)
	return append([]byte("tls-server-end-point:"), h.Sum(nil)...)
}

// bindingHash is RFC 5929 4.1: the hash of the certificate's signature, with
// MD5 and SHA-1 replaced by SHA-256. Signatures without a single hash function
// (Ed25519) are undefined there; SHA-256 is what Windows takes.
func bindingHash(a x509.SignatureAlgorithm) crypto.Hash {
	switch a {
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		return crypto.SHA384
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		return crypto.SHA512
	default:
		return crypto.SHA256
	}
}
