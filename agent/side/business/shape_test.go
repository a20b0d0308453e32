package business

import (
	"database/sql"
	"strings"
	"testing"
)

func TestAnErrorTellsWhatAColumnLooksLikeAndNotWhatStandsThere(t *testing.T) {
	for text, want := range map[string]string{"": `""`, "2027-02-01T9:5": `"0000-00-00x0:0"`, "Arzt Dr. Huber": `"xxxx xx. xxxxx"`,
		strings.Repeat("ä", 50): `"` + strings.Repeat("x", 40) + `…"`} {
		if got := shape(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	const secret = "Zwetschke"
	for column := range []int{colStartAt, colEndAt, colMinutes, colAttendees, colRemindAt, colPercent, colDue, colTaskStart, colStartDate} {
		row := make([]sql.RawBytes, 64)
		row[column] = sql.RawBytes(secret)
		_, a := decodeAppointment(row)
		_, b := decodeTask(row)
		row[colAllDay] = sql.RawBytes("1")
		_, c := decodeAppointment(row)
		for _, err := range []error{a, b, c} {
			if err != nil && strings.Contains(err.Error(), secret[:4]) {
				t.Errorf("column %d: %v", column, err)
			}
		}
	}
	if _, err := decodeTask(func() []sql.RawBytes {
		row := make([]sql.RawBytes, 64)
		row[colDue] = sql.RawBytes(secret)
		return row
	}()); err == nil {
		t.Error("nonsense is a date")
	}
}
