#ifndef STEREOFARM_COMMON_FARM_JOB_SETTINGS_H_
#define STEREOFARM_COMMON_FARM_JOB_SETTINGS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/farm/depth_export.h"
#include "common/timeline/frame_range.h"

namespace stereofarm {

// How the two eyes are laid into the film's picture.
enum class Layout { kSbs, kHalfSbs, kTab, kHalfTab, kAnaglyph, kLeft, kRight, kDepth, kGrid };

// Which eye is made; the other one is the source's, untouched. kBoth makes two half-way eyes.
enum class Eye { kRight, kLeft, kBoth };

// How the colour of what both eyes see comes to the made one: from the source, sampled at the exact
// place, softened by half a pixel or not, or by the splat's own two taps.
enum class ResampleSetting { kSoft, kBicubic, kSplat };

// Where OpenEXR stands between stages: behind depth only (warp, inpaint and encode fused), or
// behind every stage.
enum class ExrMode { kDepth, kAll };

// A physical stereo rig, for metric depth. Parallax in percent of width, towards the viewer:
// 100/W * fx * baseline * (1/Z - 1/convergence).
struct Rig {
  double fx_px = 0;  // focal length in pixels of the source picture
  double baseline_m = 0;
  double convergence_m = 0;
  bool operator==(const Rig&) const = default;
};

struct OutputSpec {
  Layout layout = Layout::kSbs;
  std::string file;  // absolute
  bool operator==(const OutputSpec&) const = default;
};

// All that a user decides about a job. Nothing in it is read off a machine.
struct JobSettings {
  std::string input;                // absolute
  std::vector<OutputSpec> outputs;  // the first is OUT, the others --also
  std::vector<ExportSpec> exports;  // folders of the depth that the film is made with

  std::string depth = "parallax";  // see common/farm/depth_setting.h
  bool stabilise = true;           // depth that a network gave frame by frame is filtered over time
  bool depth_exr_inverse = false;  // what `exr:` files hold where no attribute says so
  // Test option: every shard's depth gets a random scale in 0.5..2 and a shift, drawn from this
  // seed; 0: none.
  uint64_t perturb_depth_seed = 0;
  std::string inpaint = "background";

  double budget_percent = 2.0;  // parallax between far and near, percent of picture width
  double convergence = 0.5;     // the depth in 0..1 that lies in the screen
  // The most that far part, middle and near part of the picture may jump at a cut, in percent of
  // picture width; 0: as the shots have it.
  double cut_jump_percent = 0;
  std::optional<Rig> rig;
  Eye synthesize = Eye::kRight;
  ResampleSetting resample = ResampleSetting::kSoft;

  std::string codec = "libx264";
  std::optional<int> crf = 18;
  std::string pixel_format;  // empty: the source's
  std::map<std::string, std::string> encoder_options = {{"preset", "medium"}};
  int encoder_threads = 2;

  int shard_frames = 96;
  int overlap = 8;
  // Seams that are worse, in percent of picture width, make their shards run again with more
  // overlap; 0: never.
  double seam_gate_percent = 0.1;
  ExrMode exr = ExrMode::kDepth;
  std::optional<FrameRange> range;  // frames of the film; all of it when not set
  bool keep = false;                // keep depth and segments when the job is done

  // Whether a skeleton says more of a long shot than its shards: not of a network that looks at
  // frames alone, nor of depth files whose scale nobody turned.
  bool WantsSkeleton() const;

  bool operator==(const JobSettings&) const = default;
};

// The least that cut_jump_percent may be, as a part of the budget: less would take all depth from
// a picture.
inline constexpr double kLeastCutJump = 0.05;

std::string LayoutName(Layout layout);
absl::StatusOr<Layout> ParseLayout(const std::string& name);
std::string EyeName(Eye eye);
absl::StatusOr<Eye> ParseEye(const std::string& name);
std::string ResampleName(ResampleSetting resample);
absl::StatusOr<ResampleSetting> ParseResample(const std::string& name);
// "fx=PX,baseline=M,convergence=M"
absl::StatusOr<Rig> ParseRig(const std::string& text);
std::string RigText(const Rig& rig);
// "A:B", frames from A up to but without B.
absl::StatusOr<FrameRange> ParseRange(const std::string& text);

// Checks every number and name that can be checked without the film; InvalidArgument names the
// option and its limits.
absl::Status ValidateSettings(const JobSettings& settings);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_FARM_JOB_SETTINGS_H_
