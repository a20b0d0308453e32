package window

import (
	"cmp"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(f, few(img)); err != nil {
		t.Fatal(err)
	}
}

// few is a picture in few colours, which takes less than half the room: the areas keep
// theirs, the edges of letters get one that is near.
func few(img image.Image) image.Image {
	const areas, all = 48, 256
	exact, rough := map[color.NRGBA]int{}, map[color.NRGBA]int{}
	near := func(c color.NRGBA) color.NRGBA {
		return color.NRGBA{c.R&^15 | c.R>>4, c.G&^15 | c.G>>4, c.B&^15 | c.B>>4, 255}
	}
	b := img.Bounds()
	out := image.NewPaletted(b, nil)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			exact[c]++
			rough[near(c)]++
		}
	}
	for _, c := range append(commonest(exact, areas), commonest(rough, all-areas)...) {
		out.Palette = append(out.Palette, c)
	}
	nearest := make(map[color.NRGBA]uint8, len(exact))
	for c := range exact {
		nearest[c] = uint8(out.Palette.Index(c))
	}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out.SetColorIndex(x, y, nearest[color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)])
		}
	}
	return out
}

// commonest gives the colours used most, n at most.
func commonest(often map[color.NRGBA]int, n int) []color.NRGBA {
	number := func(c color.NRGBA) int { return int(c.R)<<16 | int(c.G)<<8 | int(c.B) }
	all := slices.SortedFunc(maps.Keys(often), func(a, b color.NRGBA) int { return cmp.Or(often[b]-often[a], number(a)-number(b)) })
	return all[:min(len(all), n)]
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
}
