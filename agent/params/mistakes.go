package params

import (
	"fmt"
	"strings"

	"abgleich/agent/fault"
)

// Reason says why a key or value is refused; stable, for translation.
type Reason string

// Reasons.
const (
	// BadSyntax is a file that is no TOML; Detail has the parser's word.
	BadSyntax Reason = "syntax"
	// UnknownKey is a key nobody knows; Allowed has the nearest ones.
	UnknownKey Reason = "unknown-key"
	// WrongType is a text where a number belongs, and the like.
	WrongType Reason = "wrong-type"
	// NotAllowed is a value outside of Allowed.
	NotAllowed Reason = "not-allowed"
	// BadForm is a host name, address or the like that isn't one.
	BadForm Reason = "bad-form"
	// NoSuchAlias is a database alias that the file doesn't define.
	NoSuchAlias Reason = "no-such-alias"
	// PasswordInFile is a password that must not stand here.
	PasswordInFile Reason = "password-in-file"
	// GraphNotYet is a communication system that is planned.
	GraphNotYet Reason = "graph-not-yet"
	// Needed is a value that can't be empty.
	Needed Reason = "needed"
)

// Mistake is one thing wrong with the parameters.
type Mistake struct {
	// Line in the file, from 1; 0 when the value didn't come from a file.
	Line int
	// Key such as "sync.interval".
	Key string
	// Reason says what is wrong.
	Reason Reason
	// Allowed says what would be right, for people: values or a range.
	Allowed string
	// Detail is what was found instead; never a password.
	Detail string
}

// Text is the mistake as a sentence.
func (m Mistake) Text(lang Language) string {
	de := lang == German
	pick := func(german, english string) string {
		if de {
			return german
		}
		return english
	}
	var b strings.Builder
	if m.Line > 0 {
		fmt.Fprintf(&b, pick("Zeile %d: ", "line %d: "), m.Line)
	}
	if m.Key != "" {
		b.WriteString(m.Key + ": ")
	}
	switch m.Reason {
	case BadSyntax:
		b.WriteString(pick("Die Zeile ist kein gültiges TOML", "this line is not valid TOML"))
	case UnknownKey:
		b.WriteString(pick("Diesen Parameter gibt es nicht", "there is no such parameter"))
	case WrongType:
		b.WriteString(pick("Der Wert hat die falsche Art", "the value has the wrong type"))
	case NotAllowed:
		b.WriteString(pick("Der Wert ist nicht erlaubt", "the value is not allowed"))
	case BadForm:
		b.WriteString(pick("Der Wert hat nicht die richtige Form", "the value is not well formed"))
	case NoSuchAlias:
		b.WriteString(pick("Dieser Alias ist unter [databases] nicht angelegt", "this alias is not defined below [databases]"))
	case PasswordInFile:
		fmt.Fprintf(&b, pick("Ein Passwort steht nie in dieser Datei. Bitte löschen Sie die Zeile und speichern Sie es mit: %s",
			"a password never stands in this file. Please delete the line and store it with: %s"), passwordCommand(m.Key))
	case GraphNotYet:
		b.WriteString(pick("Microsoft Graph (Microsoft 365) wird noch nicht unterstützt",
			"Microsoft Graph (Microsoft 365) is not supported yet"))
	case Needed:
		b.WriteString(pick("Der Wert fehlt", "the value is missing"))
	}
	if m.Detail != "" {
		b.WriteString(" (" + m.Detail + ")")
	}
	if m.Allowed != "" {
		b.WriteString(pick("; erlaubt: ", "; allowed: ") + m.Allowed)
	}
	return b.String()
}

// Mistakes are all that is wrong, in the file's order. It is the cause inside
// the coded error that Parse and File return; get it with errors.As.
type Mistakes []Mistake

// Error lists them in English, one a line.
func (ms Mistakes) Error() string { return ms.Text(English) }

// Text lists them, one a line.
func (ms Mistakes) Text(lang Language) string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.Text(lang)
	}
	return strings.Join(lines, "\n")
}

// asFault is nil without mistakes; ParameterUnknown when keys are all that is
// wrong, else ParameterInvalid.
func (ms Mistakes) asFault(op, path string) error {
	if len(ms) == 0 {
		return nil
	}
	code := fault.ParameterUnknown
	for _, m := range ms {
		if m.Reason != UnknownKey {
			code = fault.ParameterInvalid
		}
	}
	return fault.New(code, op, path, ms)
}

// passwordCommand is the command that stores the password somebody wrote at key.
func passwordCommand(key string) string {
	if strings.HasPrefix(key, "communication.") {
		return PasswordCommand + " " + AccountPassword
	}
	if strings.HasPrefix(key, "notice.") {
		return PasswordCommand + " " + NoticePassword
	}
	return PasswordCommand
}
