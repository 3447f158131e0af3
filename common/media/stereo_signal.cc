#include "common/media/stereo_signal.h"

extern "C" {
#include <libavutil/stereo3d.h>
}

#include <cstring>

namespace stereofarm {

absl::Status AttachStereoMode(StereoPacking packing, const Container& container, AVStream* stream) {
  if (packing == StereoPacking::kNone || !container.HoldsStereoMode()) return absl::OkStatus();
  const bool beside = packing == StereoPacking::kSideBySide;
  // Matroska's muxer reads the tag, MP4's the side data.
  if (container.matroska) {
    av_dict_set(&stream->metadata, "stereo_mode", beside ? "left_right" : "top_bottom", 0);
  }
  AVStereo3D* stereo = av_stereo3d_alloc();
  if (stereo == nullptr) return absl::ResourceExhaustedError("no memory for the stereo mode");
  stereo->type = beside ? AV_STEREO3D_SIDEBYSIDE : AV_STEREO3D_TOPBOTTOM;
  if (av_stream_add_side_data(stream, AV_PKT_DATA_STEREO3D, reinterpret_cast<uint8_t*>(stereo),
                              sizeof(*stereo)) < 0) {
    av_free(stereo);
    return absl::ResourceExhaustedError("no memory for the stereo mode");
  }
  return absl::OkStatus();
}

StereoPacking StereoModeOf(const AVStream& stream) {
  size_t size = 0;
  const uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_STEREO3D, &size);
  if (data == nullptr || size < sizeof(AVStereo3D)) return StereoPacking::kNone;
  const auto* stereo = reinterpret_cast<const AVStereo3D*>(data);
  if (stereo->type == AV_STEREO3D_SIDEBYSIDE) return StereoPacking::kSideBySide;
  if (stereo->type == AV_STEREO3D_TOPBOTTOM) return StereoPacking::kTopBottom;
  return StereoPacking::kNone;
}

}  // namespace stereofarm
