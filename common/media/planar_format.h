#ifndef STEREOFARM_COMMON_MEDIA_PLANAR_FORMAT_H_
#define STEREOFARM_COMMON_MEDIA_PLANAR_FORMAT_H_

#include <string>

#include "common/base/status.h"
#include "common/media/ffmpeg.h"

namespace stereofarm {

// Whether pictures of this format are held as they are: every sample in a plane of its own, whole
// bytes, integer, of this machine's byte order, no alpha, range not part of the name (no yuvj).
bool IsPlanarFormat(AVPixelFormat format);

// The planar format that holds what `format` holds, without its alpha: `format` itself where it is
// one. AV_PIX_FMT_NONE where there's none (hardware frames).
AVPixelFormat PlanarFormatOf(AVPixelFormat format);

// The planar format of that FFmpeg name: InvalidArgument otherwise.
absl::StatusOr<AVPixelFormat> PlanarFormatByName(const std::string& name);

// Samples of plane `plane` in a picture of `size` samples: chroma is rounded up.
int PlaneWidth(AVPixelFormat format, int plane, int size);
int PlaneHeight(AVPixelFormat format, int plane, int size);
int PlaneCount(AVPixelFormat format);
int SampleBytes(AVPixelFormat format);
int SampleBits(AVPixelFormat format);
bool IsRgbFormat(AVPixelFormat format);
// yuvj420p and its like: full range by name.
bool IsFullRangeFormat(AVPixelFormat format);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_PLANAR_FORMAT_H_
