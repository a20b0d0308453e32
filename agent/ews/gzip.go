package ews

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
)

// unzipped is the body of an answer that something on the way compressed although
// nobody asked for it; net/http only opens what it asked for itself.
func unzipped(resp *http.Response) io.ReadCloser {
	if !strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		return resp.Body // net/http takes the header away where it has done the work
	}
	return &zipped{ReadCloser: resp.Body}
}

type zipped struct {
	io.ReadCloser
	z   *gzip.Reader
	err error
}

// Read opens the stream at the first call, which may wait for its head.
func (z *zipped) Read(p []byte) (int, error) {
	if z.z == nil && z.err == nil {
		z.z, z.err = gzip.NewReader(z.ReadCloser)
	}
	if z.err != nil {
		return 0, z.err
	}
	return z.z.Read(p)
}
