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

func TestEveryTrayIconExistsInEverySize(t *testing.T) {
	for _, icon := range TrayIcons() {
		if len(SVG(icon)) == 0 {
			t.Errorf("%s has no source", icon)
		}
		for _, size := range IconSizes() {
			if b := decode(t, icon, size).Bounds(); b.Dx() != size || b.Dy() != size {
				t.Errorf("%s at %d is %v", icon, size, b)
			}
		}
	}
}

func TestEveryICOHoldsAllSizes(t *testing.T) {
	for _, icon := range TrayIcons() {
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
	for _, icon := range []Icon{StageFailed, StageSkipped, StageRunning, PageCredentials, PageStatus, PageProblems, KindOfAppointment, KindOfTask} {
		if len(SVG(icon)) == 0 {
			t.Errorf("%s has no source", icon)
		}
	}
	for _, icon := range append(TrayIcons(), StageFailed, StageSkipped, StageRunning, PageCredentials, PageStatus, PageProblems, KindOfAppointment, KindOfTask) {
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

func TestStatesDifferInShapeNotOnlyInColour(t *testing.T) {
	icons := TrayIcons()
	for _, size := range []int{16, 32} {
		for i, a := range icons {
			for _, b := range icons[i+1:] {
				x, y := ink(decode(t, a, size)), ink(decode(t, b, size))
				differ := 0
				for j := range x {
					if x[j] != y[j] {
						differ++
					}
				}
				if share := float64(differ) / float64(len(x)); share < 0.12 {
					t.Errorf("at %d pixels %s and %s differ in %.0f %% of the pixels only", size, a, b, 100*share)
				}
			}
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
}
