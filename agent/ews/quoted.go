package ews

import (
	"regexp"
	"strings"
)

// Servers quote what they refuse: "The 'http://…/types:Sensitivity' element is
// invalid - The value 'Doctor' is invalid". Names of the schema help whoever reads
// the log; a value may be what somebody wrote into an appointment.
var (
	schemaName = regexp.MustCompile(`['"“]https?://[a-zA-Z0-9./_-]+(:[A-Za-z]+)?['"”]`)
	// quoted runs from a quote at the beginning of a word to the last one at the end
	// of a word: a value may hold quotes itself.
	quoted = regexp.MustCompile(`(?s)(^|[\s(:=])['"“].*['"”]($|[\s).,:;])`)
)

// withoutValues is a server's text without what it quotes, but for names of the
// schema.
func withoutValues(text string) string {
	var b strings.Builder
	hide := func(part string) { b.WriteString(quoted.ReplaceAllString(part, "${1}•••${2}")) }
	for {
		at := schemaName.FindStringIndex(text)
		if at == nil {
			hide(text)
			return b.String()
		}
		hide(text[:at[0]])
		b.WriteString(text[at[0]:at[1]])
		text = text[at[1]:]
	}
}
