package exchange

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
)

// result is the outcome for one number.
type result struct {
	n   int
	err error
}

func numbers(n int) []int {
	in := make([]int, n)
	for i := range in {
		in[i] = i
	}
	return in
}

func failedNumber(n int, err error) result { return result{n, err} }

func TestABadItemSpoilsOnlyItsOwnResult(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := numbers(rapid.IntRange(1, 900).Draw(t, "n"))
		bad := map[int]bool{}
		for range rapid.IntRange(0, 4).Draw(t, "bad") {
			bad[rapid.IntRange(0, len(in)-1).Draw(t, "which")] = true
		}
		out, err := batch(context.Background(), in, func(_ context.Context, part []int) ([]result, error) {
			var rs []result
			for _, n := range part {
				if bad[n] {
					return nil, fault.New(fault.BadRequest, "", "", nil)
				}
				rs = append(rs, result{n: n})
			}
			return rs, nil
		}, failedNumber)
		if err != nil || len(out) != len(in) {
			t.Fatalf("%d results, %v", len(out), err)
		}
		for i, r := range out {
			if r.n != i || fault.Has(r.err, fault.ItemRefused) != bad[i] {
				t.Fatalf("result %d: %+v", i, r)
			}
		}
	})
}

func TestARequestThatFailsSpoilsItsOwnItemsAndStopsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := fault.New(fault.ServerStalled, "", "", errors.New("silence"))
		var calls atomic.Int64
		out, err := batch(t.Context(), numbers(5000), func(_ context.Context, part []int) ([]result, error) {
			if calls.Add(1) == 2 {
				return nil, broken
			}
			time.Sleep(time.Millisecond) // of the bubble: the failure is known by then
			rs := make([]result, len(part))
			for i, n := range part {
				rs[i].n = n
			}
			return rs, nil
		}, failedNumber)
		if err != nil {
			t.Fatal(err)
		}
		bad := 0
		for i, r := range out {
			if r.n != i {
				t.Fatalf("result %d is of %d", i, r.n)
			}
			if r.err != nil {
				bad++
				if !fault.Has(r.err, fault.ServerStalled) {
					t.Fatal(r.err)
				}
			}
		}
		if bad < chunk || bad == len(out) || calls.Load() > 50-1 {
			t.Errorf("%d items failed in %d requests", bad, calls.Load())
		}
		if _, err := batch(t.Context(), numbers(10), func(context.Context, []int) ([]result, error) { return nil, broken }, failedNumber); !errors.Is(err, broken) {
			t.Errorf("nothing succeeded, and the batch says %v", err)
		}
	})
}

func TestHTMLBecomesReadableText(t *testing.T) {
	for in, want := range map[string]string{
		"<p>Guten Tag,</p><p>bis <b>bald</b>!</p>":                                     "Guten Tag,\nbis bald!",
		"eins<br>zwei<br/><br>drei":                                                    "eins\nzwei\n\ndrei",
		"<style>p{}</style><script>x()</script><title>t</title>da":                     "da",
		"<ul><li>a</li><li>b &amp; c</li></ul>":                                        "- a\n- b & c",
		"<table><tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>":    "1\t2\t\n3\t4",
		`<a href="https://x.test/1">Teilnehmen</a>`:                                    "Teilnehmen <https://x.test/1>",
		`<a href="https://x.test">https://x.test</a> <a href="mailto:a@b.c">a@b.c</a>`: "https://x.test a@b.c",
		"<pre>a\n  b</pre>c":                                                           "a\n  b\nc",
		"a\r\n   b\t c":                                                                "a b c",
		"":                                                                             "",
	} {
		if got := bodyText(ews.Body{HTML: true, Value: in}); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	if got := bodyText(ews.Body{Value: "<b>kein HTML</b>"}); got != "<b>kein HTML</b>" {
		t.Errorf("text was changed: %q", got)
	}
}

func FuzzBodyText(f *testing.F) {
	f.Add("<p>a<br><li>b<a href=http://x>c</a>")
	f.Add("<pre><td></head><style>")
	f.Fuzz(func(t *testing.T, s string) {
		if got := bodyText(ews.Body{HTML: true, Value: s}); len(got) > 20*len(s)+100 {
			t.Errorf("%d bytes from %d", len(got), len(s))
		}
	})
}

func TestLinesAreCutAtTheUnitsExchangeCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := strings.ToValidUTF8(rapid.StringN(0, 400, -1).Draw(t, "s"), "")
		got := cut(s)
		units := len(utf16.Encode([]rune(got)))
		if units > maxLine || !strings.HasPrefix(s, got) || !utf8.ValidString(got) {
			t.Fatalf("%d units", units)
		}
		if got != s && units < maxLine-1 {
			t.Fatalf("cut too early: %d units", units)
		}
	})
}
