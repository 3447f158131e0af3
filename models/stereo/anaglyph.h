#ifndef STEREOFARM_MODELS_STEREO_ANAGLYPH_H_
#define STEREOFARM_MODELS_STEREO_ANAGLYPH_H_

#include "common/image/image.h"

namespace stereofarm {

// Red-cyan anaglyph by the least-squares projection of E. Dubois, "A projection method to generate
// anaglyph stereo images", ICASSP 2001: for each pixel, the colour whose appearance through the two
// filters is nearest to the two eyes' colours. The published matrices are applied to code values
// (gamma-coded), as players do. `left` and `right`: R, G, B of one size (further channels are
// ignored). Result: R, G, B, clipped to 0..1.
void DuboisAnaglyph(const Image& left, const Image& right, Image* out);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_STEREO_ANAGLYPH_H_
