#ifndef STEREOFARM_COMMON_IMAGE_HALF_H_
#define STEREOFARM_COMMON_IMAGE_HALF_H_

#include <cstdint>

#include "common/image/image.h"

namespace stereofarm {

// IEEE 754 binary16, round to nearest even, as the EXR files hold it.
void FloatToHalf(const float* in, uint16_t* out, int64_t count);
void HalfToFloat(const uint16_t* in, float* out, int64_t count);

// Rounds every pixel to the nearest half. What operators hand on goes through this, so that a frame
// that went through an EXR file and one that didn't are the same.
void QuantizeToHalf(Image& image);
void QuantizeToHalf(float* values, int64_t count);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_IMAGE_HALF_H_
