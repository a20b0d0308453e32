package main

import (
	"strings"
	"testing"
	"time"

	"abgleich/assets"
)

func TestThresholdsRaiseACheck(t *testing.T) {
	g := &global{lang: assets.English, texts: assets.Texts(assets.English)}
	v := checkup{Level: levelOK, Text: "3 users in sync", Users: 3, Fine: 3, Problems: 7, OldestSuccessSeconds: 3 * 3600}
	for name, c := range map[string]struct {
		age, problems string
		level         int
		text          string
	}{
		"none":                      {"", "", levelOK, "3 users in sync"},
		"below":                     {"4h,24h", "8,50", levelOK, "3 users in sync"},
		"a warning":                 {"2h,24h", "", levelWarn, "oldest sync 3h0m0s ago"},
		"at the threshold":          {"3h,24h", "", levelWarn, "oldest sync 3h0m0s ago"},
		"an alarm":                  {"1h,2h", "", levelCritical, "oldest sync 3h0m0s ago"},
		"the worst of two, and why": {"2h,24h", "2,5", levelCritical, "7 problems"},
	} {
		t.Run(name, func(t *testing.T) {
			age, err := parseLimit(c.age, seconds)
			if err != nil {
				t.Fatal(err)
			}
			problems, err := parseLimit(c.problems, count)
			if err != nil {
				t.Fatal(err)
			}
			got := checkLimits{age: age, problems: problems}.judged(g, v)
			if got.Level != c.level || got.Text != c.text {
				t.Errorf("level %d, %q", got.Level, got.Text)
			}
		})
	}
	var out strings.Builder
	if err := v.checkmk(&out, "Abgleich", checkLimits{age: limit{true, 7200, 86400}, problems: limit{true, 5, 50}}); err != nil {
		t.Fatal(err)
	}
	if want := "0 Abgleich users=3|fine=3|attention=0|offline=0|problems=7;5;50|holds=0|pairs=0|age=10800;7200;86400 3 users in sync\n"; out.String() != want {
		t.Errorf("got  %swant %s", out.String(), want)
	}
}

func TestAThresholdThatMakesNoSenseIsRefused(t *testing.T) {
	l := newLine(t)
	for _, arg := range []string{"--age=2h", "--age=2,24", "--age=24h,2h", "--problems=a,b", "--problems=0,5", "--offline=5,1", "--attention=-1,2"} {
		if o := l.want(exitUsage, "check", arg); !strings.Contains(o.err, strings.SplitN(arg, "=", 2)[0]) {
			t.Errorf("%s: %s", arg, o.err)
		}
	}
}

func TestAClosedFirewallIsAWarningWithWhatToType(t *testing.T) {
	g := &global{lang: assets.English, texts: assets.Texts(assets.English)}
	p := picture{Agent: agentState{SyncEnabled: true, BusinessReachable: true, EventsCode: "firewall-closed", EventsCommands: []string{"netsh one", "netsh two"}}}
	if v := g.judge(p, time.Now()); v.Level != levelWarn || !strings.Contains(v.Text, "event port") || !strings.HasSuffix(v.Text, "netsh one; netsh two") {
		t.Errorf("%+v", v)
	}
	var out strings.Builder
	g.writePicture(&out, p)
	if !strings.Contains(out.String(), "\n    netsh one\n    netsh two\n") {
		t.Error(out.String())
	}
}
