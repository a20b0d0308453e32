package main

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestTheCommittedSchemaIsTheGeneratedOne(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "..", "..", "shared", "ews-schema")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the EWS schema is not at ../shared/ews-schema")
	}
	g := newGenerator()
	for _, name := range []string{"types.xsd", "messages.xsd"} {
		if err := g.load(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	var got bytes.Buffer
	g.out = bufio.NewWriter(&got)
	for _, e := range roots() {
		g.root(e)
	}
	g.drain()
	if err := g.out.Flush(); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("..", "ews.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Error("ews.txt is out of date: run go generate in agent/exchangesim/schema")
	}
}
