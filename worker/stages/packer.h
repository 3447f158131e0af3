#ifndef STEREOFARM_WORKER_STAGES_PACKER_H_
#define STEREOFARM_WORKER_STAGES_PACKER_H_

#include <string>
#include <vector>

#include "common/farm/job_settings.h"
#include "common/media/picture.h"
#include "common/media/segment.h"
#include "models/api/depth_estimator.h"
#include "worker/stages/film_frame.h"
#include "worker/stages/warp.h"

namespace stereofarm {

// What the layouts of a job's outputs, and its exports of depth, are made of.
FrameWants WantsOf(const std::vector<OutputSpec>& outputs, const std::vector<ExportSpec>& exports);

// How one output's pictures look, decided once for the whole film from the settings and the source.
struct PackPlan {
  Layout layout = Layout::kSbs;
  Eye synthesize = Eye::kRight;
  EncodedVideo video;
  EncoderSettings encoder;  // with the pixel format that all pictures get
  ImageSize eye;            // of one eye in the packed picture
  // One sentence where the format isn't the one that the settings alone would give; else empty.
  std::string remark;
};

// InvalidArgument when the codec takes no format that the layout can have. Eyes whose edges would
// fall off the grid of subsampled chroma are packed in 4:4:4.
absl::StatusOr<PackPlan> PlanPacking(Layout layout, const JobSettings& settings,
                                     const VideoInfo& source);

// Lays eyes into one picture. The eye that is the source's is copied as it was decoded, never
// through R, G, B; only a change of format that the encoder wants is made. Not thread-safe.
class Packer {
 public:
  Packer(PackPlan plan, const ColorInfo& color);
  // A picture of the plan's size and format.
  absl::StatusOr<Picture> Pack(const FilmFrame& frame);

 private:
  absl::StatusOr<Picture> EyePicture(const FilmFrame& frame, SynthesizedEye eye);
  absl::StatusOr<Picture> PackPair(const FilmFrame& frame);
  absl::StatusOr<Picture> PackAnaglyph(const FilmFrame& frame);
  absl::StatusOr<Picture> PackGrid(const FilmFrame& frame);
  absl::StatusOr<Picture> GrayPicture(const Image& image, int channel);
  const Image& EyeRgb(const FilmFrame& frame, SynthesizedEye eye) const;
  bool IsSource(SynthesizedEye eye) const;

  const PackPlan plan_;
  ColorConverter converter_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_PACKER_H_
