package assets

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"
)

func decode(t *testing.T, icon Icon, size int) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(PNG(icon, size)))
	if err != nil {
		t.Fatalf("%s at %d: %v", icon, size, err)
	}
	return img
}

// drawn are all pictures a tray can show: states and the turn of the moving one,
// each for light and for dark bars, and the program's own.
func drawn() []Icon {
	all := []Icon{App}
	for _, icon := range append(TrayIcons()[1:], Turn()[1:]...) {
		all = append(all, icon, OnDark(icon))
	}
	return all
}

func TestEveryTrayIconExistsInEverySize(t *testing.T) {
	for _, icon := range TrayIcons() {
		if len(SVG(icon)) == 0 {
			t.Errorf("%s has no source", icon)
		}
	}
	for _, icon := range drawn() {
		for _, size := range IconSizes() {
			if b := decode(t, icon, size).Bounds(); b.Dx() != size || b.Dy() != size {
				t.Errorf("%s at %d is %v", icon, size, b)
			}
		}
	}
}

func TestEveryICOHoldsAllSizes(t *testing.T) {
	for _, icon := range drawn() {
		ico := ICO(icon)
		if len(ico) < 6 || binary.LittleEndian.Uint16(ico[2:]) != 1 {
			t.Fatalf("%s is no icon file", icon)
		}
		if n := int(binary.LittleEndian.Uint16(ico[4:])); n != len(IconSizes()) {
			t.Errorf("%s has %d sizes", icon, n)
		}
		for i, size := range IconSizes() {
			e := ico[6+16*i:]
			length, start := binary.LittleEndian.Uint32(e[8:]), binary.LittleEndian.Uint32(e[12:])
			if int(e[0]) != size || !bytes.Equal(ico[start:start+length], PNG(icon, size)) {
				t.Errorf("%s: entry %d isn't the picture of %d pixels; run assets/icon/generate", icon, i, size)
			}
		}
	}
}

func TestWindowIconsExist(t *testing.T) {
	for _, icon := range []Icon{StageFailed, StageSkipped, StageRunning, PageCredentials, PageStatus, PageProblems, PageDiagnostics, PageOptions, KindOfAppointment, KindOfTask} {
		if len(SVG(icon)) == 0 {
			t.Errorf("%s has no source", icon)
		}
	}
	for _, icon := range append(TrayIcons(), StageFailed, StageSkipped, StageRunning, PageCredentials, PageStatus, PageProblems, PageDiagnostics, PageOptions, KindOfAppointment, KindOfTask) {
		decode(t, icon, WindowSize)
	}
}

// ink tells where a picture is dark on white after all colour is taken away:
// what a person sees who can't tell colours apart.
func ink(img image.Image) []bool {
	b := img.Bounds()
	var out []bool
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, a := img.At(x, y).RGBA()
			white := 0xffff - a
			grey := (299*(r+white) + 587*(g+white) + 114*(bl+white)) / 1000
			out = append(out, grey < 0xb000)
		}
	}
	return out
}

// alike is the share of pixels in which two pictures don't differ in shape.
func alike(x, y []bool) float64 {
	same := 0
	for i := range x {
		if x[i] == y[i] {
			same++
		}
	}
	return float64(same) / float64(len(x))
}

func TestStatesDifferInShapeNotOnlyInColour(t *testing.T) {
	icons := TrayIcons()
	for _, size := range []int{16, 20, 32, 96} {
		for i, a := range icons {
			for _, b := range icons[i+1:] {
				if same := alike(ink(decode(t, a, size)), ink(decode(t, b, size))); same > 0.88 {
					t.Errorf("at %d pixels %s and %s differ in %.0f %% of the pixels only", size, a, b, 100*(1-same))
				}
			}
		}
	}
}

// opaque tells where anything is drawn at all: the outline a dark bar shows.
func opaque(img image.Image) []bool {
	b := img.Bounds()
	var out []bool
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			_, _, _, a := img.At(x, y).RGBA()
			out = append(out, a > 0x8000)
		}
	}
	return out
}

func TestTheTwinForDarkBarsHasTheSameOutline(t *testing.T) {
	for _, icon := range append(TrayIcons()[1:], Turn()...) {
		a, b := decode(t, icon, 32), decode(t, OnDark(icon), 32)
		if same := alike(opaque(a), opaque(b)); same < 1 {
			t.Errorf("%s: %.1f %% of the outline are the same", icon, 100*same)
		}
	}
}

func TestTheTurnMoves(t *testing.T) {
	turn := Turn()
	for i, icon := range turn {
		next := turn[(i+1)%len(turn)]
		if same := alike(ink(decode(t, icon, 16)), ink(decode(t, next, 16))); same > 0.9 {
			t.Errorf("nobody sees %s become %s: %.0f %% stay", icon, next, 100*same)
		}
	}
}

func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	f := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*f(r) + 0.7152*f(g) + 0.0722*f(b)
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// WCAG 2.2, 1.4.11: 3:1 for pictures that carry meaning.
func TestStatesAreReadableOnLightAndDarkTaskbars(t *testing.T) {
	light, dark := color.NRGBA{0xf3, 0xf3, 0xf3, 0xff}, color.NRGBA{0x20, 0x20, 0x20, 0xff}
	for _, icon := range TrayIcons()[1:] {
		img := decode(t, icon, 64)
		readable, solid := 0, 0
		for y := range 64 {
			for x := range 64 {
				c := img.At(x, y)
				if _, _, _, a := c.RGBA(); a != 0xffff || luminance(c) > 0.9 {
					continue
				}
				solid++
				if contrast(c, light) >= 3 && contrast(c, dark) >= 3 {
					readable++
				}
			}
		}
		if solid == 0 || float64(readable) < 0.9*float64(solid) {
			t.Errorf("%s: %d of %d pixels are readable on both", icon, readable, solid)
		}
	}
	// Those made for dark bars do better there: 4.5:1, as for text.
	for _, icon := range TrayIcons()[1:] {
		img := decode(t, OnDark(icon), 64)
		readable, solid := 0, 0
		for y := range 64 {
			for x := range 64 {
				c := img.At(x, y)
				if _, _, _, a := c.RGBA(); a != 0xffff || luminance(c) < 0.05 {
					continue // the sign cut out of the area
				}
				solid++
				if contrast(c, dark) >= 4.5 {
					readable++
				}
			}
		}
		if solid == 0 || float64(readable) < 0.9*float64(solid) {
			t.Errorf("%s on dark: %d of %d pixels are readable", icon, readable, solid)
		}
	}
}
