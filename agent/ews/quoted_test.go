package ews

import (
	"strings"
	"testing"
)

func TestAServersTextIsToldWithoutWhatItQuotes(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "",
		"The user's mailbox can't be opened.": "The user's mailbox can't be opened.",
		"The request failed schema validation: The 'http://schemas.microsoft.com/exchange/services/2006/types:Sensitivity' element is invalid - " +
			"The value 'Anna's doctor' is invalid according to its datatype.": "The request failed schema validation: " +
			"The 'http://schemas.microsoft.com/exchange/services/2006/types:Sensitivity' element is invalid - The value ••• is invalid according to its datatype.",
		`value="Doctor".`:                     `value=•••.`,
		"no 'one' and no 'other'":             "no •••",
		"'Doctor\nHuber'":                     "•••",
		"Set action is invalid for property.": "Set action is invalid for property.",
	} {
		if got := withoutValues(text); got != want {
			t.Errorf("%s\nbecame\n%s, want\n%s", text, got, want)
		}
	}
	e := &Error{Op: "UpdateItem", ResponseCode: "ErrorSchemaValidation", Message: "The value 'Doctor' is invalid.", Values: map[string]string{"Violation": "The value 'Doctor' is invalid."}}
	if got := e.Error(); strings.Contains(got, "Doctor") || !strings.Contains(got, "ErrorSchemaValidation") {
		t.Error(got)
	}
}
