package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ipc/pin"
	"abgleich/ipc/pipe"
)

// show prints v as JSON with --json, else what human writes.
func (g *global) show(v any, human func(io.Writer)) error {
	if g.json {
		return g.printJSON(v)
	}
	human(g.out)
	return nil
}

func (g *global) printJSON(v any) error {
	e := json.NewEncoder(g.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// table prints rows in columns; the first row is the heading.
func table(w io.Writer, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		for i, cell := range r {
			if i > 0 {
				fmt.Fprint(t, "\t")
			}
			fmt.Fprint(t, strings.Map(printable, cell))
		}
		fmt.Fprintln(t)
	}
	t.Flush()
}

// printable keeps what others wrote (subjects, names) from moving the cursor.
func printable(r rune) rune {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return ' '
	case r < ' ', r >= 0x7f && r < 0xa0:
		return -1
	}
	return r
}

// sayFault is one line for a code, with its hint.
func (g *global) sayFault(code, subject string) (text, hint string) {
	return g.texts.Fault(code, map[string]string{"subject": subject, "user": subject})
}

// printError tells what went wrong and what to do: as a sentence, or as JSON on
// the same place.
func (g *global) printError(err error) {
	f := g.failure(err)
	if g.json {
		e := json.NewEncoder(g.err)
		e.SetEscapeHTML(false)
		_ = e.Encode(struct {
			Error failure `json:"error"`
		}{f})
		return
	}
	fmt.Fprintln(g.err, "agent:", strings.ReplaceAll(f.Text, "\n", "\n  "))
	if f.Hint != "" {
		fmt.Fprintln(g.err, "  "+f.Hint)
	}
	if f.Cause != "" {
		fmt.Fprintf(g.err, "  (%s)\n", f.Cause)
	}
}

// failure is an error as it is shown.
type failure struct {
	Code  string `json:"code,omitempty"`
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"`
	Cause string `json:"cause,omitempty"`
}

func (g *global) failure(err error) failure {
	if ms, ok := errors.AsType[params.Mistakes](err); ok {
		return failure{Code: string(codeOf(err)), Text: ms.Text(params.Language(g.lang))}
	}
	if info := contract.InfoOf(err); info != nil {
		text, hint := g.sayFault(info.GetCode(), info.GetSubject())
		return failure{Code: info.GetCode(), Text: text, Hint: hint, Cause: info.GetCause()}
	}
	if k, ok := errors.AsType[*pin.Error](err); ok {
		text, hint := g.sayFault(k.Code, "")
		if k.Code == pin.CodeChanged {
			hint += " " + g.command("trust accept")
		}
		return failure{Code: k.Code, Text: text, Hint: hint, Cause: k.Error()}
	}
	if p, ok := errors.AsType[*pipe.Error](err); ok {
		text, _ := g.sayFault(string(fault.AgentUnreachable), "")
		hint := g.t("Läuft er? ", "Is it running? ") + g.command("service status") + ", " + g.command("run")
		if errors.Is(err, pipe.ErrUntrusted) {
			hint = g.t("Dort lauscht jemand anderes. Es wurde nichts gesendet.", "Somebody else listens there. Nothing was sent.")
		}
		return failure{Code: string(fault.AgentUnreachable), Text: text, Hint: hint, Cause: p.Error()}
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		text, hint := g.sayFault(string(f.Code), f.Subject)
		return failure{Code: string(f.Code), Text: text, Hint: hint, Cause: err.Error()}
	}
	return failure{Text: err.Error()}
}

// when is an instant for people; "–" for none.
func (g *global) when(t *time.Time) string {
	if t == nil {
		return "–"
	}
	return g.texts.When(t.Local(), time.Now())
}

// instant turns the wire's time into one for JSON; nil for none.
func instant(t *timestamppb.Timestamp) *time.Time {
	if t == nil || !t.IsValid() {
		return nil
	}
	v := t.AsTime()
	return &v
}

// kindName is a kind's stable word for JSON.
func kindName(k contract.Kind) string {
	switch k {
	case contract.Kind_KIND_APPOINTMENT:
		return "appointment"
	case contract.Kind_KIND_TASK:
		return "task"
	}
	return ""
}

// sideName is a side's stable word for JSON.
func sideName(s contract.SideId) string {
	switch s {
	case contract.SideId_SIDE_ID_BUSINESS:
		return "business"
	case contract.SideId_SIDE_ID_EXCHANGE:
		return "exchange"
	}
	return ""
}

// word is an enumeration's value as a stable word: USER_STATE_NOT_SET_UP becomes
// not-set-up, one this program does not know "unknown".
func word(value fmt.Stringer, prefix string) string {
	name, ok := strings.CutPrefix(value.String(), prefix)
	if !ok {
		return "unknown"
	}
	return strings.ToLower(strings.ReplaceAll(name, "_", "-"))
}

// kindText is a kind for people.
func (g *global) kindText(kind string) string {
	if kind == "" {
		return g.texts.T("kind.account")
	}
	return g.texts.T("kind." + kind)
}

func (g *global) yesNo(b bool) string {
	if b {
		return g.t("ja", "yes")
	}
	return g.t("nein", "no")
}

// number writes a count the language's way.
func number[T ~int | ~uint32 | ~uint64](c *assets.Catalog, n T) string { return c.Int(int64(n)) }
