#include "common/farm/stage_key.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/base/hash.h"
#include "common/farm/depth_setting.h"

namespace stereofarm {
namespace {

std::string RangeText(const FrameRange& range) {
  return absl::StrFormat("%d:%d", range.begin, range.end);
}

std::string DepthSettingsText(const JobSettings& settings) {
  // Not where its files lie: they count by their hash.
  const DepthSetting depth = ParseDepthSetting(settings.depth);
  std::string text =
      absl::StrFormat("depth=%s stabilise=%d exr_inverse=%d perturb=%d", depth.model,
                      settings.stabilise, settings.depth_exr_inverse, settings.perturb_depth_seed);
  // The folder may hold the files of that range alone: which of them is a frame's depends on it.
  if (depth.ReadsPictures() && settings.range) text += " files_of=" + RangeText(*settings.range);
  return text;
}

std::string WarpSettingsText(const JobSettings& settings) {
  return absl::StrFormat("budget=%.17g convergence=%.17g rig=%s synthesize=%s resample=%s",
                         settings.budget_percent, settings.convergence,
                         settings.rig ? RigText(*settings.rig) : "none",
                         EyeName(settings.synthesize), ResampleName(settings.resample));
}

std::string EncodeSettingsText(const JobSettings& settings) {
  std::string text =
      absl::StrFormat("codec=%s crf=%d pix_fmt=%s threads=%d", settings.codec,
                      settings.crf.value_or(-1), settings.pixel_format, settings.encoder_threads);
  for (const auto& [name, value] : settings.encoder_options) text += " " + name + "=" + value;
  for (const OutputSpec& output : settings.outputs) text += " layout=" + LayoutName(output.layout);
  for (const ExportSpec& each : settings.exports) {
    text += " export=" + ExportFormatName(each.format);
  }
  return text;
}

std::string SettingsThatMatter(TaskKind kind, const JobSettings& settings) {
  switch (kind) {
    case TaskKind::kScan:
      return "";
    case TaskKind::kDepth:
      return DepthSettingsText(settings);
    case TaskKind::kWarp:
      return WarpSettingsText(settings);
    case TaskKind::kInpaint:
      return WarpSettingsText(settings) + " inpaint=" + settings.inpaint;
    case TaskKind::kEncode:
      return WarpSettingsText(settings) + " " + EncodeSettingsText(settings);
    case TaskKind::kRender:
      return WarpSettingsText(settings) + " inpaint=" + settings.inpaint + " " +
             EncodeSettingsText(settings);
  }
  return "";
}

// Size and the first and last 64 KiB: a feature film's depth folder holds terabytes, too much to
// read through.
absl::StatusOr<std::string> HashEnds(const std::filesystem::path& path) {
  constexpr int64_t kEnd = 64 << 10;
  SF_ASSIGN_OR_RETURN(const int64_t size, FileSize(path));
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrFormat("cannot open %s", path.string()));
  Sha256 hash;
  hash.Update(absl::StrFormat("%d ", size));
  std::string bytes(static_cast<size_t>(std::min(size, kEnd)), '\0');
  for (const int64_t offset : {int64_t{0}, std::max<int64_t>(0, size - kEnd)}) {
    file.seekg(offset);
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file) return absl::DataLossError(absl::StrFormat("cannot read %s", path.string()));
    hash.Update(bytes);
  }
  return hash.Finish();
}

}  // namespace

int StageVersion(TaskKind kind) {
  switch (kind) {
    case TaskKind::kRender:
      return 6;
    case TaskKind::kInpaint:
    case TaskKind::kDepth:
      return 4;
    case TaskKind::kWarp:
      return 3;
    case TaskKind::kScan:
    case TaskKind::kEncode:
      return 1;
  }
  return 1;
}

std::string StageBasis(const TaskSpec& spec, const std::string& source_identity,
                       const std::vector<std::string>& input_keys, const std::string& model_files) {
  std::string text =
      absl::StrFormat("stage=%s version=%d source=%s core=%s full=%s shot=%s %s",
                      TaskKindName(spec.kind), StageVersion(spec.kind), source_identity,
                      RangeText(spec.shard.core), RangeText(spec.shard.full),
                      RangeText(spec.shard.shot), SettingsThatMatter(spec.kind, spec.settings));
  if (spec.kind == TaskKind::kDepth) text += " model_files=" + model_files;
  // More overlap than planned is a seam's, which the gate and the budget have measured.
  const bool is_widened =
      spec.kind == TaskKind::kDepth && !spec.IsSkeleton() &&
      spec.shard.full != spec.shard.core.Grow(spec.settings.overlap, spec.shard.shot);
  if (is_widened) {
    text += absl::StrFormat(" gate=%.17g budget=%.17g", spec.settings.seam_gate_percent,
                            spec.settings.budget_percent);
  }
  for (size_t i = 0; i < spec.sample_frames.size(); ++i) {
    text += absl::StrFormat("%s%d", i == 0 ? " frames=" : ",", spec.sample_frames[i]);
  }
  for (const DepthSource& source : spec.depth) {
    const AlignmentRamp& ramp = source.ramp;
    text += absl::StrFormat(" depth=%s,%s,%.17g,%.17g,%.17g,%.17g", source.shard.Name(),
                            RangeText(source.shard.full), ramp.from.scale, ramp.from.shift,
                            ramp.to.scale, ramp.to.shift);
  }
  if (!spec.depth.empty()) {
    text += absl::StrFormat(" range=%.17g,%.17g", spec.depth_low, spec.depth_high);
    if (spec.ease_begin != DepthEase() || spec.ease_end != DepthEase()) {
      text += absl::StrFormat(" ease=%.17g,%.17g,%.17g,%.17g", spec.ease_begin.scale,
                              spec.ease_begin.shift, spec.ease_end.scale, spec.ease_end.shift);
    }
  }
  for (const std::string& key : input_keys) text += " input=" + key;
  return Sha256Hex(text);
}

std::string StageKey(const std::string& stage_basis, const std::string& numeric_class) {
  return Sha256Hex(stage_basis + " class=" + numeric_class);
}

std::string JobFingerprint(const JobSettings& settings, const std::string& source_identity,
                           const std::string& model_files) {
  std::string text = absl::StrFormat(
      "job source=%s model_files=%s %s %s inpaint=%s %s shard_frames=%d overlap=%d seam_gate=%.17g "
      "cut_jump=%.17g range=%s",
      source_identity, model_files, DepthSettingsText(settings), WarpSettingsText(settings),
      settings.inpaint, EncodeSettingsText(settings), settings.shard_frames, settings.overlap,
      settings.seam_gate_percent, settings.cut_jump_percent,
      settings.range ? RangeText(*settings.range) : "all");
  for (TaskKind kind : {TaskKind::kScan, TaskKind::kDepth, TaskKind::kRender}) {
    text += absl::StrFormat(" v%d", StageVersion(kind));
  }
  return Sha256Hex(text);
}

absl::StatusOr<std::string> HashModelFiles(const std::string& depth_setting) {
  namespace fs = std::filesystem;
  const DepthSetting setting = ParseDepthSetting(depth_setting);
  if (setting.path.empty()) return std::string();
  const fs::path path = setting.path;
  if (setting.ReadsModelFile()) {
    absl::StatusOr<std::string> hash = Sha256OfFile(path);
    if (!hash.ok()) return Annotate(hash.status(), "--depth " + depth_setting);
    return hash;
  }
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".exr") files.push_back(it->path());
  }
  if (error) {
    return absl::NotFoundError(
        absl::StrFormat("--depth %s: cannot read the folder: %s", depth_setting, error.message()));
  }
  if (files.empty()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--depth %s: there is no .exr file in the folder", depth_setting));
  }
  std::sort(files.begin(), files.end());
  Sha256 all;
  for (const fs::path& file : files) {
    SF_ASSIGN_OR_RETURN(const std::string hash, HashEnds(file));
    all.Update(file.filename().string() + "=" + hash + "\n");
  }
  return all.Finish();
}

}  // namespace stereofarm
