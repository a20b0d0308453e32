package params

import "slices"

// Options are what holds for users who have no options of their own, for one kind
// of item. They say what begins to travel; see docs/adr/0017.
type Options struct {
	// Direction is which side changes are carried to.
	Direction Direction
	// PastDays and FutureDays bound the time window in days from today;
	// [EverythingDays] for no bound.
	PastDays, FutureDays int
	// Categories, separated by commas: only items with one of them; empty for all.
	Categories string
	// OpenOnly leaves out tasks that are done.
	OpenOnly bool
	// Private says how items marked as private travel.
	Private Private
}

// EverythingDays is a time window without a bound.
const EverythingDays = -1

// Direction is which side a user's changes are carried to.
type Direction string

// Directions.
const (
	DirectionBoth       Direction = "both"
	DirectionToExchange Direction = "to_exchange"
	DirectionToBusiness Direction = "to_business"
)

// Private says how items marked as private travel.
type Private string

// Ways of private items.
const (
	// PrivateBusy lets only their time reach the business side.
	PrivateBusy  Private = "busy"
	PrivateWhole Private = "whole"
	PrivateNot   Private = "not"
)

// PolicyStandard leaves a group of fields to [Sync.Policy].
const PolicyStandard Policy = "standard"

// optionFields describe the options of both kinds.
func optionFields() []Field {
	return []Field{
		{Key: "appointments.direction", Kind: Choice, Choices: []string{"both", "to_exchange", "to_business"},
			DE: "Termine, Richtung: both (beide), to_exchange (nur nach Exchange) oder to_business (nur in die Unternehmensdatenbank). Gilt, wie alles hier, für Benutzer ohne eigene Einstellung (agent options).",
			EN: "Appointments, direction: both, to_exchange or to_business. Like all of these it holds for users without options of their own (agent options).",
			at: func(d *draft) any { return &d.Appointments.Direction }},
		{Key: "appointments.past_days", Kind: Number, Unit: "d", Min: EverythingDays, Max: 36525,
			DE: "So viele Tage zurück werden Termine auf die andere Seite gebracht; -1: alle.",
			EN: "How many days back appointments are brought to the other side; -1: all.",
			at: func(d *draft) any { return &d.Appointments.PastDays }},
		{Key: "appointments.future_days", Kind: Number, Unit: "d", Min: EverythingDays, Max: 36525,
			DE: "So viele Tage voraus; -1: alle.",
			EN: "How many days ahead; -1: all.",
			at: func(d *draft) any { return &d.Appointments.FutureDays }},
		{Key: "appointments.categories", Kind: Text,
			DE: "Nur Termine mit einer dieser Kategorien, mit Beistrichen getrennt. Leer: alle.",
			EN: "Only appointments with one of these categories, separated by commas. Empty: all.",
			at: func(d *draft) any { return &d.Appointments.Categories }},
		{Key: "appointments.private", Kind: Choice, Choices: []string{"busy", "whole", "not"},
			DE: "Private Termine: busy (in die Unternehmensdatenbank nur als belegte Zeit ohne Inhalt), whole (ganz) oder not (nicht).",
			EN: "Private appointments: busy (to the business database only as busy time without content), whole or not.",
			at: func(d *draft) any { return &d.Appointments.Private }},
		{Key: "tasks.direction", Kind: Choice, Choices: []string{"both", "to_exchange", "to_business"},
			DE: "Aufgaben, Richtung: both, to_exchange oder to_business.",
			EN: "Tasks, direction: both, to_exchange or to_business.",
			at: func(d *draft) any { return &d.Tasks.Direction }},
		{Key: "tasks.past_days", Kind: Number, Unit: "d", Min: EverythingDays, Max: 36525,
			DE: "So viele Tage zurück werden erledigte Aufgaben auf die andere Seite gebracht; -1: alle. Offene sind nie zu alt.",
			EN: "How many days back tasks that are done are brought to the other side; -1: all. Open ones are never too old.",
			at: func(d *draft) any { return &d.Tasks.PastDays }},
		{Key: "tasks.future_days", Kind: Number, Unit: "d", Min: EverythingDays, Max: 36525,
			DE: "So viele Tage voraus; -1: alle.",
			EN: "How many days ahead; -1: all.",
			at: func(d *draft) any { return &d.Tasks.FutureDays }},
		{Key: "tasks.categories", Kind: Text,
			DE: "Nur Aufgaben mit einer dieser Kategorien, mit Beistrichen getrennt. Leer: alle.",
			EN: "Only tasks with one of these categories, separated by commas. Empty: all.",
			at: func(d *draft) any { return &d.Tasks.Categories }},
		{Key: "tasks.open_only", Kind: YesNo,
			DE: "Nur offene Aufgaben.",
			EN: "Only tasks that are open.",
			at: func(d *draft) any { return &d.Tasks.OpenOnly }},
		{Key: "tasks.private", Kind: Choice, Choices: []string{"busy", "whole", "not"},
			DE: "Private Aufgaben: busy (in die Unternehmensdatenbank nur Daten und Stand ohne Inhalt), whole (ganz) oder not (nicht).",
			EN: "Private tasks: busy (to the business database only dates and progress without content), whole or not.",
			at: func(d *draft) any { return &d.Tasks.Private }},
	}
}

// policyFields describe the policy of each group of fields, and the guards.
func policyFields() []Field {
	choices := []string{"standard", "newer", "business", "exchange"}
	return []Field{
		{Key: "sync.policy_content", Kind: Choice, Choices: choices,
			DE: "Dasselbe für Betreff, Text, Ort und Wichtigkeit; standard: wie sync.policy.",
			EN: "The same for subject, body, location and importance; standard: as sync.policy.",
			at: func(d *draft) any { return &d.Sync.PolicyContent }},
		{Key: "sync.policy_time", Kind: Choice, Choices: choices,
			DE: "Dasselbe für Zeit, Serie und Fälligkeit.",
			EN: "The same for time, recurrence and dates.",
			at: func(d *draft) any { return &d.Sync.PolicyTime }},
		{Key: "sync.policy_status", Kind: Choice, Choices: choices,
			DE: "Dasselbe für Anzeigen als und Bearbeitungsstand.",
			EN: "The same for busy status and progress.",
			at: func(d *draft) any { return &d.Sync.PolicyStatus }},
		{Key: "sync.policy_personal", Kind: Choice, Choices: choices,
			DE: "Dasselbe für Kategorien, Erinnerung und Privat.",
			EN: "The same for categories, reminder and private flag.",
			at: func(d *draft) any { return &d.Sync.PolicyPersonal }},
		{Key: "sync.creation_guard_count", Kind: Number, Min: 1, Max: 100000,
			DE: "Schutz beim ersten Abgleich: ab mehr neuen Einträgen als dieser Zahl (und dem Anteil darunter) auf einer gefüllten Seite wird nachgefragt.",
			EN: "First sync guard: more new items than this number (and the share below) on a side that is filled are held until confirmed.",
			at: func(d *draft) any { return &d.Sync.CreationGuardCount }},
		{Key: "sync.creation_guard_percent", Kind: Number, Unit: "%", Min: 1, Max: 1000,
			DE: "Schutz beim ersten Abgleich: Anteil an den vorhandenen Einträgen.",
			EN: "First sync guard: share of the items that are there.",
			at: func(d *draft) any { return &d.Sync.CreationGuardPercent }},
	}
}

// withOptions puts policies and options in their places among the others.
func withOptions(fields []Field) []Field {
	at := slices.IndexFunc(fields, func(f Field) bool { return f.Key == "log.folder" })
	return slices.Insert(fields, at, append(policyFields(), optionFields()...)...)
}
