package business

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// mostShape is how much of a text its shape tells, in signs.
const mostShape = 40

// shape tells what a column looks like and not what stands there: errors go into
// logs and to administrators, and a column may hold what somebody wrote.
func shape(text string) string {
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > mostShape {
			b.WriteString("…")
			break
		}
		switch {
		case unicode.IsDigit(r):
			r = '0'
		case unicode.IsLetter(r):
			r = 'x'
		}
		b.WriteRune(r)
	}
	return strconv.Quote(b.String())
}

// number reads a whole number.
func number(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("a number of the form %s", shape(text))
	}
	return n, nil
}
