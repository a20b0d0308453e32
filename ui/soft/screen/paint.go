package screen

import "image/color"

// plain is a colour as 0xAARRGGBB, not multiplied by its alpha.
func plain(c color.Color) uint32 {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return uint32(n.A)<<24 | uint32(n.R)<<16 | uint32(n.G)<<8 | uint32(n.B)
}

// narrow makes pixels of two bytes of a row: five bits of red, six of green, five
// of blue, as some remote desktops have them.
func narrow(to []byte, row []uint32) []byte {
	for _, p := range row {
		v := p>>8&0xf800 | p>>5&0x07e0 | p>>3&0x001f
		to = append(to, byte(v), byte(v>>8))
	}
	return to
}
