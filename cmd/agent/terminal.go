package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/term"
)

// terminal gives the file behind a stream when a person sits there.
func terminal(stream any) (*os.File, bool) {
	f, ok := stream.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// longestSecret is what is read of a password, in bytes.
const longestSecret = 4096

// password asks on the terminal without echo, or reads the first line of standard
// input. It never comes from an argument: arguments are seen by everybody.
func (g *global) password(prompt string) (string, error) {
	if f, ok := terminal(g.in); ok {
		fmt.Fprint(g.err, prompt+": ")
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(g.err)
		return checkSecret(g, string(b), err)
	}
	line, err := bufio.NewReader(io.LimitReader(g.in, longestSecret)).ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return checkSecret(g, strings.TrimRight(line, "\r\n"), err)
}

func checkSecret(g *global, s string, err error) (string, error) {
	if err == nil && s == "" {
		err = usageError{errors.New(g.t("kein Passwort eingegeben", "no password given"))}
	}
	return s, err
}

// absent tells that surely no agent listens: there is no socket, or nobody behind
// it. A refusal is no proof.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
}
