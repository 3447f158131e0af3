#include "common/farm/job_settings.h"

#include <array>
#include <charconv>
#include <cmath>
#include <set>

#include "absl/strings/str_format.h"
#include "common/farm/depth_setting.h"

namespace stereofarm {
namespace {

constexpr double kMostRig = 1e9;  // pixels or metres

constexpr std::array<std::pair<const char*, Layout>, 9> kLayouts = {{
    {"sbs", Layout::kSbs},
    {"half-sbs", Layout::kHalfSbs},
    {"tab", Layout::kTab},
    {"half-tab", Layout::kHalfTab},
    {"anaglyph", Layout::kAnaglyph},
    {"left", Layout::kLeft},
    {"right", Layout::kRight},
    {"depth", Layout::kDepth},
    {"grid", Layout::kGrid},
}};
constexpr std::array<std::pair<const char*, Eye>, 3> kEyes = {{
    {"right", Eye::kRight},
    {"left", Eye::kLeft},
    {"both", Eye::kBoth},
}};
constexpr std::array<std::pair<const char*, ResampleSetting>, 3> kResamples = {{
    {"soft", ResampleSetting::kSoft},
    {"bicubic", ResampleSetting::kBicubic},
    {"splat", ResampleSetting::kSplat},
}};

template <typename Table, typename Value>
std::string NameIn(const Table& table, Value value) {
  for (const auto& [name, entry] : table) {
    if (entry == value) return name;
  }
  return "";
}

template <typename Value, typename Table>
absl::StatusOr<Value> FindIn(const Table& table, const std::string& option,
                             const std::string& name) {
  std::string known;
  for (const auto& [entry_name, value] : table) {
    if (name == entry_name) return value;
    known += (known.empty() ? "" : ", ") + std::string(entry_name);
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("%s: '%s' is not known; use one of %s", option, name, known));
}

// The whole text as a finite number.
std::optional<double> ParseNumber(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

absl::Status CheckBetween(const char* option, double value, double low, double high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("%s: %g is outside %g to %g", option, value, low, high));
}

}  // namespace

bool JobSettings::WantsSkeleton() const {
  const DepthSetting setting = ParseDepthSetting(depth);
  return setting.SharesGauge() && (!setting.ReadsPictures() || perturb_depth_seed != 0);
}

std::string LayoutName(Layout layout) { return NameIn(kLayouts, layout); }
absl::StatusOr<Layout> ParseLayout(const std::string& name) {
  return FindIn<Layout>(kLayouts, "--layout", name);
}
std::string EyeName(Eye eye) { return NameIn(kEyes, eye); }
absl::StatusOr<Eye> ParseEye(const std::string& name) {
  return FindIn<Eye>(kEyes, "--synthesize", name);
}
std::string ResampleName(ResampleSetting resample) { return NameIn(kResamples, resample); }
absl::StatusOr<ResampleSetting> ParseResample(const std::string& name) {
  return FindIn<ResampleSetting>(kResamples, "--resample", name);
}

absl::StatusOr<Rig> ParseRig(const std::string& text) {
  const absl::Status error = absl::InvalidArgumentError(absl::StrFormat(
      "--rig: '%s' is not of the form fx=PX,baseline=M,convergence=M with numbers above 0", text));
  Rig rig;
  std::set<std::string> seen;
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string item = text.substr(begin, end - begin);
    const size_t equals = item.find('=');
    if (equals == std::string::npos) return error;
    const std::string key = item.substr(0, equals);
    const std::optional<double> value = ParseNumber(item.substr(equals + 1));
    if (!value || *value <= 0 || !seen.insert(key).second) return error;
    if (key == "fx") {
      rig.fx_px = *value;
    } else if (key == "baseline") {
      rig.baseline_m = *value;
    } else if (key == "convergence") {
      rig.convergence_m = *value;
    } else {
      return error;
    }
    begin = end + 1;
  }
  if (seen.size() != 3) return error;
  return rig;
}

std::string RigText(const Rig& rig) {
  return absl::StrFormat("fx=%.17g,baseline=%.17g,convergence=%.17g", rig.fx_px, rig.baseline_m,
                         rig.convergence_m);
}

absl::StatusOr<FrameRange> ParseRange(const std::string& text) {
  FrameRange range;
  const char* end = text.data() + text.size();
  auto [colon, first_error] = std::from_chars(text.data(), end, range.begin);
  if (first_error == std::errc() && colon != end && *colon == ':') {
    auto [stop, second_error] = std::from_chars(colon + 1, end, range.end);
    if (second_error == std::errc() && stop == end && range.begin >= 0 && range.end > range.begin) {
      return range;
    }
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "--range: '%s' is not of the form A:B with 0 <= A < B (frames from A up to but without B)",
      text));
}

namespace {

// Whether `path` is `folder` or lies in it.
bool IsIn(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder + "/");
}

// `files`: what else the job reads and writes.
absl::Status CheckExport(const ExportSpec& each, const JobSettings& settings,
                         const std::set<std::string>& files) {
  const std::string option = "--export-depth " + ExportFormatName(each.format) + "=" + each.folder;
  if (each.folder.empty()) {
    return absl::InvalidArgumentError(option + ": name the folder to write");
  }
  if (each.folder.ends_with('/')) {
    return absl::InvalidArgumentError(option + ": name the folder without a slash at its end");
  }
  for (const std::string& file : files) {
    if (IsIn(file, each.folder) || IsIn(each.folder, file)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s: %s can't lie there, too; name a new folder for the depth", option, file));
    }
  }
  if (IsIn(ParseDepthSetting(settings.depth).path, each.folder)) {
    return absl::InvalidArgumentError(
        option + ": --depth is read from there; name a new folder for the depth");
  }
  if (each.format == ExportFormat::kExrMetres && !settings.rig) {
    return absl::InvalidArgumentError(
        option + ": without --rig nothing is known of metres; give a rig, or use exr");
  }
  return absl::OkStatus();
}

absl::Status CheckCutJump(const JobSettings& settings) {
  if (settings.cut_jump_percent == 0) return absl::OkStatus();
  SF_RETURN_IF_ERROR(CheckBetween("--cut-jump", settings.cut_jump_percent, 0, 20));
  const double least = kLeastCutJump * settings.budget_percent;
  if (settings.cut_jump_percent < least) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--cut-jump: %g is less than a twentieth of the budget; give %g or more, or 0 for none",
        settings.cut_jump_percent, least));
  }
  if (settings.rig) {
    return absl::InvalidArgumentError(
        "--cut-jump: the depth of a rig is as it is; leave --rig or --cut-jump out");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateSettings(const JobSettings& settings) {
  if (settings.input.empty()) return absl::InvalidArgumentError("IN: name the film to convert");
  if (settings.outputs.empty() || settings.outputs.front().file.empty()) {
    return absl::InvalidArgumentError("OUT: name the film to write");
  }
  std::set<std::string> files = {settings.input};
  for (const OutputSpec& output : settings.outputs) {
    if (!files.insert(output.file).second) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s is named twice; input and outputs must be different files", output.file));
    }
  }
  for (const ExportSpec& each : settings.exports) {
    SF_RETURN_IF_ERROR(CheckExport(each, settings, files));
    files.insert(each.folder);
  }
  SF_RETURN_IF_ERROR(CheckDepthSetting(ParseDepthSetting(settings.depth)));
  if (settings.inpaint != "background" && settings.inpaint != "background+mean" &&
      settings.inpaint != "stretch") {
    return absl::InvalidArgumentError(
        absl::StrFormat("--inpaint: '%s' is not known; use background, background+mean or stretch",
                        settings.inpaint));
  }
  SF_RETURN_IF_ERROR(CheckBetween("--budget", settings.budget_percent, 0, 20));
  SF_RETURN_IF_ERROR(CheckBetween("--convergence", settings.convergence, 0, 1));
  SF_RETURN_IF_ERROR(CheckBetween("--shard-frames", settings.shard_frames, 1, 100000));
  SF_RETURN_IF_ERROR(CheckBetween("--overlap", settings.overlap, 0, 1000));
  SF_RETURN_IF_ERROR(CheckBetween("--seam-gate", settings.seam_gate_percent, 0, 100));
  SF_RETURN_IF_ERROR(CheckCutJump(settings));
  if (settings.crf) SF_RETURN_IF_ERROR(CheckBetween("--crf", *settings.crf, 0, 63));
  SF_RETURN_IF_ERROR(CheckBetween("encoder threads", settings.encoder_threads, 1, 3));
  if (settings.rig) {
    for (const double value :
         {settings.rig->fx_px, settings.rig->baseline_m, settings.rig->convergence_m}) {
      if (!(value > 0 && value <= kMostRig)) {
        return absl::InvalidArgumentError(
            absl::StrFormat("--rig: %g is outside 0 to %g", value, kMostRig));
      }
    }
  }
  if (settings.range &&
      (settings.range->begin < 0 || settings.range->end <= settings.range->begin)) {
    return absl::InvalidArgumentError(absl::StrFormat("--range: %d:%d is no range of frames",
                                                      settings.range->begin, settings.range->end));
  }
  if (settings.rig && !settings.depth.starts_with("exr:") &&
      !settings.depth.starts_with("torchscript:")) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--rig needs metric depth, which '%s' does not give; use --depth exr:DIR or leave it out",
        settings.depth));
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
