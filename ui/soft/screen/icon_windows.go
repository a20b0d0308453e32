package screen

import (
	"image"
	"image/color"
)

// shrink makes a picture of n by n pixels of a larger one, each the mean of those
// it stands for.
func shrink(img image.Image, n int) *image.NRGBA {
	b := img.Bounds()
	small := image.NewNRGBA(image.Rect(0, 0, n, n))
	for y := range n {
		for x := range n {
			area := image.Rect(b.Min.X+x*b.Dx()/n, b.Min.Y+y*b.Dy()/n, b.Min.X+(x+1)*b.Dx()/n, b.Min.Y+(y+1)*b.Dy()/n)
			area.Max.X, area.Max.Y = max(area.Max.X, area.Min.X+1), max(area.Max.Y, area.Min.Y+1)
			var sum [4]uint32
			for py := area.Min.Y; py < area.Max.Y; py++ {
				for px := area.Min.X; px < area.Max.X; px++ {
					r, g, bl, a := img.At(px, py).RGBA()
					for i, v := range []uint32{r, g, bl, a} {
						sum[i] += v >> 8
					}
				}
			}
			count := uint32(area.Dx() * area.Dy())
			small.Set(x, y, color.RGBA{uint8(sum[0] / count), uint8(sum[1] / count), uint8(sum[2] / count), uint8(sum[3] / count)})
		}
	}
	return small
}
