package window

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"abgleich/assets"
	"abgleich/ui/internal/agentdouble"
)

// golden compares a picture with the one in testdata. Single pixels may differ
// a little: rounding isn't the same on every processor.
func golden(t *testing.T, name string, got image.Image) {
	t.Helper()
	path := filepath.Join("testdata", name+".png")
	if *update {
		write(t, path, got)
		return
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update and look at the picture", err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(got, want); d > 0.002 {
		failed := filepath.Join(t.TempDir(), name+".png")
		if dir := os.Getenv("ABGLEICH_FAILED_PICTURES"); dir != "" {
			failed = filepath.Join(dir, name+".png")
		}
		write(t, failed, got)
		t.Errorf("%s: %.2f %% of the pixels differ; ABGLEICH_FAILED_PICTURES=folder keeps the new picture", path, 100*d)
	}
}

func write(t *testing.T, path string, img image.Image) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

// difference is the share of pixels that a person could tell apart.
func difference(a, b image.Image) float64 {
	if a.Bounds().Size() != b.Bounds().Size() {
		return 1
	}
	differ, all := 0, 0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			all++
			p := color.NRGBAModel.Convert(a.At(a.Bounds().Min.X+x, a.Bounds().Min.Y+y)).(color.NRGBA)
			q := color.NRGBAModel.Convert(b.At(b.Bounds().Min.X+x, b.Bounds().Min.Y+y)).(color.NRGBA)
			if far(p.R, q.R) || far(p.G, q.G) || far(p.B, q.B) {
				differ++
			}
		}
	}
	return float64(differ) / float64(all)
}

func far(a, b uint8) bool { return max(a, b)-min(a, b) > 24 }

func TestPagesLookAsTheyShould(t *testing.T) {
	for _, lang := range assets.Languages() {
		for name := range variants() {
			suffix := "-" + string(lang) + "-" + name
			t.Run("credentials"+suffix, func(t *testing.T) {
				s := open(t, setup{lang: lang, theme: name, script: func(s *agentdouble.Script) { s.Warnings["events"] = "event-server-unproven" }})
				s.app.credentials.password.SetText("wrong")
				s.press(s.app.texts.T("credentials.verify"))
				s.until("checked", func() bool { return !s.app.credentials.checking() })
				golden(t, "credentials"+suffix, s.capture())
			})
			t.Run("status"+suffix, func(t *testing.T) {
				s := open(t, setup{lang: lang, theme: name, page: Status})
				for i := range 30 {
					s.agent.Set(func(sc *agentdouble.Script) {
						sc.User = agentdouble.FirstSync(0.33 + float64(i)/100)
						for _, k := range sc.User.Kinds { // a speed as lively as a real one
							k.ItemsPerSecond *= 0.8 + 0.2*float64(i*7%10)/10
						}
					})
					s.until("progress", func() bool {
						return s.app.picture.User != nil && s.app.picture.User.Kinds[0].Done == uint64((0.33+float64(i)/100)*10_000)
					})
				}
				golden(t, "status"+suffix, s.capture())
			})
			t.Run("problems"+suffix, func(t *testing.T) {
				s := open(t, setup{lang: lang, theme: name, page: Problems})
				s.agent.Set(withProblems(s))
				s.sees("Quartalsbesprechung")
				golden(t, "problems"+suffix, s.capture())
			})
		}
	}
	t.Run("quiet", func(t *testing.T) {
		s := open(t, setup{page: Status})
		s.agent.Set(func(sc *agentdouble.Script) { sc.User = agentdouble.Quiet(s.now) })
		s.sees("12.345")
		golden(t, "quiet-de-light", s.capture())
	})
	t.Run("as small as it goes", func(t *testing.T) {
		s := open(t, setup{lang: assets.German, page: Status})
		s.agent.Set(func(sc *agentdouble.Script) { sc.User = agentdouble.FirstSync(0.6) })
		s.sees("6.000")
		s.window.Resize(s.window.Content().MinSize())
		golden(t, "small-de-light", s.capture())
	})
}
