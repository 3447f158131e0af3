#ifndef STEREOFARM_COMMON_MEDIA_HDR_METADATA_H_
#define STEREOFARM_COMMON_MEDIA_HDR_METADATA_H_

extern "C" {
#include <libavutil/mastering_display_metadata.h>
}

#include <memory>
#include <string>

#include "common/base/status.h"
#include "common/media/ffmpeg.h"
#include "common/media/film_file.h"

namespace stereofarm {

struct AvFree {
  void operator()(void* memory) const { av_free(memory); }
};

// Static HDR metadata (SMPTE ST 2086 and CTA-861.3); null where there's none.
struct HdrMetadata {
  std::unique_ptr<AVMasteringDisplayMetadata, AvFree> mastering;
  std::unique_ptr<AVContentLightMetadata, AvFree> light;
};

// From the container, else from the first frame where the track's transfer is PQ or HLG (the file
// is opened a second time for it). Fails only as ReadError does.
absl::StatusOr<HdrMetadata> HdrMetadataOf(const AVStream& stream, const FilmFile& film);

// Of a film's picture track.
absl::StatusOr<HdrMetadata> ReadHdrMetadata(const FilmFile& film);

// As side data of an output track.
absl::Status AttachHdrMetadata(const HdrMetadata& hdr, AVStream* stream);

// The values of x265's "master-display" and x264's "mastering-display" (the same format), and of
// "max-cll" and "cll"; empty where there's nothing to say.
std::string MasteringDisplayText(const HdrMetadata& hdr);
std::string ContentLightText(const HdrMetadata& hdr);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_HDR_METADATA_H_
