// Package sample owns made-up but lifelike appointments and tasks of an Austrian
// office, and writes them into an embedded business database the way a person's
// program does: by plain SQL over a connection of its own. For demonstration and
// benchmarks.
//
// It promises that the same seed gives the same items. It must not know the engine
// or Exchange, and never touches employees.
package sample

import (
	"fmt"
	"math/rand/v2"
	"time"

	"abgleich/agent/pim"
)

var (
	customers = []string{
		"Holzbau Gruber", "Bäckerei Öllinger", "Müller & Söhne GmbH", "Weingut Jäger", "Steuerkanzlei Dr. Weiß",
		"Autohaus Pichler", "Gasthof Zur Post", "Elektro Königsberger", "Tischlerei Übleis", "Praxis Dr. Strauß",
		"Spedition Hölzl KG", "Gärtnerei Grünwald", "Metallbau Ströbl", "Apotheke am Hauptplatz", "Blumen Fiala",
	}
	meetings = []string{
		"Jahresgespräch mit %s", "Angebot besprechen: %s", "Vor-Ort-Termin bei %s", "Bilanzbesprechung %s",
		"Telefonat %s", "Schulung NTCS für %s", "Abnahme Projekt %s", "Lohnverrechnung %s: offene Fragen",
	}
	inHouse = []string{
		"Teambesprechung", "Jour fixe Buchhaltung", "Mitarbeitergespräch", "Planung Quartal", "Mittagessen mit Kolleginnen",
		"Arbeitskreis Datenschutz", "Einschulung neue Mitarbeiterin", "Bewerbungsgespräch",
	}
	days = []string{
		"Urlaub", "Messe Wels", "Fortbildung Steuerreform", "Betriebsausflug", "Zeitausgleich", "Inventur",
	}
	rooms = []string{
		"Besprechungszimmer 1", "Besprechungszimmer Traunstein", "beim Kunden", "Teams", "Büro 2. Stock", "Linz, Hauptplatz 3", "",
	}
	jobs = []string{
		"Angebot für %s nachfassen", "Umsatzsteuervoranmeldung %s", "Mahnung %s prüfen", "Vertrag %s verlängern",
		"Unterlagen von %s anfordern", "Rechnung %s freigeben", "Rückruf %s", "Jahresabschluss %s vorbereiten",
	}
	labels = []string{"Kunde", "Intern", "Wichtig", "Außendienst", "Finanzamt", "Persönlich"}
	bodies = []string{
		"", "", "Tagesordnung:\n1. Rückblick\n2. Offene Punkte\n3. Allfälliges",
		"Bitte die Unterlagen vom Vorjahr mitnehmen.", "Ansprechpartner: Frau Mag. Höfer, DW 12\nParkplatz im Hof",
		"Zugang über den Hintereingang, Gegensprechanlage „Büro“ läuten.",
	}
)

// source makes items one after the other.
type source struct {
	r    *rand.Rand
	zone *time.Location
	day  pim.Date // the middle of the time they fall into
	// exceptions of each series; 0 is by chance.
	exceptions int
}

// newSource begins a sequence; kind keeps the two kinds from following each other.
func newSource(seed uint64, k pim.Kind, zone *time.Location, around time.Time) *source {
	return &source{r: rand.New(rand.NewPCG(seed, uint64(k))), zone: zone, day: pim.DateOf(around.In(zone))}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func (s *source) common(subject string) pim.Common {
	c := pim.Common{Subject: subject, Body: pick(s.r, bodies)}
	for range s.r.IntN(3) {
		c.Categories = append(c.Categories, pick(s.r, labels))
	}
	if s.r.IntN(10) == 0 {
		c.Sensitivity = pim.Private
	}
	switch s.r.IntN(12) {
	case 0:
		c.Importance = pim.ImportanceHigh
	case 1:
		c.Importance = pim.ImportanceLow
	}
	return c
}

// weekday gives a working day within half a year.
func (s *source) weekday() pim.Date {
	d := s.day.AddDays(s.r.IntN(365) - 182)
	for {
		w := time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC).Weekday()
		if w != time.Saturday && w != time.Sunday {
			return d
		}
		d = d.AddDays(1)
	}
}

// appointment makes the nth; the number in the subject keeps them apart.
func (s *source) appointment(n int) *pim.Appointment {
	day := s.weekday()
	if s.r.IntN(15) == 0 {
		a := &pim.Appointment{Common: s.common(fmt.Sprintf("%s (%d)", pick(s.r, days), n)), Busy: pim.BusyAway,
			When: pim.When{AllDay: true, First: day, Last: day.AddDays(s.r.IntN(4))}}
		return pim.Canonical(a).(*pim.Appointment)
	}
	subject := pick(s.r, inHouse)
	if s.r.IntN(3) > 0 {
		subject = fmt.Sprintf(pick(s.r, meetings), pick(s.r, customers))
	}
	start := time.Date(day.Year, day.Month, day.Day, 7+s.r.IntN(11), 15*s.r.IntN(4), 0, 0, s.zone)
	a := &pim.Appointment{
		Common:   s.common(fmt.Sprintf("%s (%d)", subject, n)),
		Location: pick(s.r, rooms),
		Busy:     pick(s.r, []pim.Busy{pim.BusyBusy, pim.BusyBusy, pim.BusyBusy, pim.BusyTentative, pim.BusyFree, pim.BusyAway}),
		When: pim.When{Start: start, End: start.Add(time.Duration(1+s.r.IntN(8)) * 15 * time.Minute),
			Zone: s.zone.String()},
	}
	if s.r.IntN(3) > 0 {
		a.Reminder = &pim.Reminder{Before: pick(s.r, []int{5, 15, 30, 60, 1440})}
	}
	return pim.Canonical(a).(*pim.Appointment)
}

// task makes the nth.
func (s *source) task(n int) *pim.Task {
	due := s.weekday()
	t := &pim.Task{Common: s.common(fmt.Sprintf(pick(s.r, jobs)+" (%d)", pick(s.r, customers), n)), Due: due}
	if s.r.IntN(2) == 0 {
		t.Start = due.AddDays(-s.r.IntN(20))
	}
	switch s.r.IntN(5) {
	case 0:
		t.Status, t.Percent = pim.InProgress, pick(s.r, []int{10, 25, 50, 75})
	case 1:
		t.Status, t.Percent, t.Completed = pim.Completed, 100, due
	case 2:
		t.Status = pick(s.r, []pim.TaskStatus{pim.Waiting, pim.Deferred})
	}
	if t.Status != pim.Completed && s.r.IntN(3) == 0 {
		t.Reminder = &pim.Reminder{At: due.In(s.zone).Add(8 * time.Hour)}
	}
	return pim.Canonical(t).(*pim.Task)
}
