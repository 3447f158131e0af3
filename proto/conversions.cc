#include "proto/conversions.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

constexpr int kJobNoteVersion = 1;
constexpr int64_t kMostSampleFrames = 4096;

v1::FrameRange ToProto(const FrameRange& range) {
  v1::FrameRange proto;
  proto.set_begin(range.begin);
  proto.set_end(range.end);
  return proto;
}

absl::StatusOr<FrameRange> FromProto(const v1::FrameRange& proto, const char* field) {
  // Far above any film, and small enough that sums never overflow.
  constexpr int64_t kMostFrames = int64_t{1} << 40;
  if (proto.begin() < 0 || proto.end() < proto.begin() || proto.end() > kMostFrames) {
    return absl::InvalidArgumentError(absl::StrFormat("%s: %d to %d is not a range of frames",
                                                      field, proto.begin(), proto.end()));
  }
  return FrameRange{proto.begin(), proto.end()};
}

absl::StatusOr<AlignmentRamp> RampFromProto(const v1::DepthSource& proto) {
  const AlignmentRamp ramp{{proto.scale(), proto.shift()}, {proto.scale_to(), proto.shift_to()}};
  for (const Alignment& end : {ramp.from, ramp.to}) {
    if (!(end.scale > 0) || !std::isfinite(end.scale) || !std::isfinite(end.shift)) {
      return absl::InvalidArgumentError(absl::StrFormat("depth: %g x + %g is no alignment of %s",
                                                        end.scale, end.shift, proto.task()));
    }
  }
  return ramp;
}

v1::DepthEase ToProto(const DepthEase& ease) {
  v1::DepthEase proto;
  proto.set_scale(ease.scale);
  proto.set_shift(ease.shift);
  return proto;
}

absl::StatusOr<DepthEase> FromProto(const v1::DepthEase& proto) {
  const DepthEase ease{proto.scale(), proto.shift()};
  if (!(ease.scale > 0 && ease.scale <= 1) || !std::isfinite(ease.shift)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("ease: d of %g x + %g is no depth", ease.scale, ease.shift));
  }
  return ease;
}

}  // namespace

v1::JobSettings ToProto(const JobSettings& settings) {
  v1::JobSettings proto;
  proto.set_input(settings.input);
  for (const OutputSpec& output : settings.outputs) {
    v1::OutputSpec* added = proto.add_outputs();
    added->set_layout(LayoutName(output.layout));
    added->set_file(output.file);
  }
  for (const ExportSpec& each : settings.exports) {
    v1::ExportSpec* added = proto.add_exports();
    added->set_format(ExportFormatName(each.format));
    added->set_folder(each.folder);
  }
  proto.set_depth(settings.depth);
  proto.set_raw_depth(!settings.stabilise);
  proto.set_depth_exr_inverse(settings.depth_exr_inverse);
  proto.set_perturb_depth_seed(settings.perturb_depth_seed);
  proto.set_inpaint(settings.inpaint);
  proto.set_budget_percent(settings.budget_percent);
  proto.set_convergence(settings.convergence);
  if (settings.rig) {
    proto.mutable_rig()->set_fx_px(settings.rig->fx_px);
    proto.mutable_rig()->set_baseline_m(settings.rig->baseline_m);
    proto.mutable_rig()->set_convergence_m(settings.rig->convergence_m);
  }
  proto.set_synthesize(EyeName(settings.synthesize));
  proto.set_resample(ResampleName(settings.resample));
  proto.set_codec(settings.codec);
  if (settings.crf) proto.set_crf(*settings.crf);
  proto.set_pixel_format(settings.pixel_format);
  for (const auto& [name, value] : settings.encoder_options) {
    (*proto.mutable_encoder_options())[name] = value;
  }
  proto.set_encoder_threads(settings.encoder_threads);
  proto.set_shard_frames(settings.shard_frames);
  proto.set_overlap(settings.overlap);
  proto.set_seam_gate_percent(settings.seam_gate_percent);
  proto.set_cut_jump_percent(settings.cut_jump_percent);
  proto.set_exr_all(settings.exr == ExrMode::kAll);
  if (settings.range) {
    proto.set_has_range(true);
    proto.set_range_begin(settings.range->begin);
    proto.set_range_end(settings.range->end);
  }
  proto.set_keep(settings.keep);
  return proto;
}

absl::StatusOr<JobSettings> FromProto(const v1::JobSettings& proto) {
  JobSettings settings;
  settings.input = proto.input();
  for (const v1::OutputSpec& output : proto.outputs()) {
    SF_ASSIGN_OR_RETURN(const Layout layout, ParseLayout(output.layout()));
    settings.outputs.push_back({layout, output.file()});
  }
  for (const v1::ExportSpec& each : proto.exports()) {
    SF_ASSIGN_OR_RETURN(const ExportFormat format, ParseExportFormat(each.format()));
    settings.exports.push_back({format, each.folder()});
  }
  settings.depth = proto.depth();
  settings.depth_exr_inverse = proto.depth_exr_inverse();
  settings.stabilise = !proto.raw_depth();
  settings.perturb_depth_seed = proto.perturb_depth_seed();
  settings.inpaint = proto.inpaint();
  settings.budget_percent = proto.budget_percent();
  settings.convergence = proto.convergence();
  if (proto.has_rig()) {
    settings.rig = Rig{proto.rig().fx_px(), proto.rig().baseline_m(), proto.rig().convergence_m()};
  }
  SF_ASSIGN_OR_RETURN(settings.synthesize, ParseEye(proto.synthesize()));
  if (!proto.resample().empty()) {
    SF_ASSIGN_OR_RETURN(settings.resample, ParseResample(proto.resample()));
  }
  settings.codec = proto.codec();
  settings.crf = proto.has_crf() ? std::optional<int>(proto.crf()) : std::nullopt;
  settings.pixel_format = proto.pixel_format();
  settings.encoder_options = {proto.encoder_options().begin(), proto.encoder_options().end()};
  settings.encoder_threads = proto.encoder_threads();
  settings.shard_frames = proto.shard_frames();
  settings.overlap = proto.overlap();
  if (proto.has_seam_gate_percent()) settings.seam_gate_percent = proto.seam_gate_percent();
  settings.cut_jump_percent = proto.cut_jump_percent();
  settings.exr = proto.exr_all() ? ExrMode::kAll : ExrMode::kDepth;
  if (proto.has_range()) settings.range = FrameRange{proto.range_begin(), proto.range_end()};
  settings.keep = proto.keep();
  return settings;
}

v1::Shard ToProto(const Shard& shard) {
  v1::Shard proto;
  *proto.mutable_core() = ToProto(shard.core);
  *proto.mutable_full() = ToProto(shard.full);
  *proto.mutable_shot() = ToProto(shard.shot);
  return proto;
}

absl::StatusOr<Shard> FromProto(const v1::Shard& proto) {
  Shard shard;
  SF_ASSIGN_OR_RETURN(shard.core, FromProto(proto.core(), "shard.core"));
  SF_ASSIGN_OR_RETURN(shard.full, FromProto(proto.full(), "shard.full"));
  SF_ASSIGN_OR_RETURN(shard.shot, FromProto(proto.shot(), "shard.shot"));
  if (!shard.full.Contains(shard.core) || !shard.shot.Contains(shard.full)) {
    return absl::InvalidArgumentError("shard: core, full and shot don't lie inside each other");
  }
  return shard;
}

v1::TaskSpec ToProto(const TaskSpec& spec) {
  v1::TaskSpec proto;
  proto.set_job(spec.job);
  proto.set_task(spec.task);
  proto.set_kind(TaskKindName(spec.kind));
  *proto.mutable_shard() = ToProto(spec.shard);
  *proto.mutable_settings() = ToProto(spec.settings);
  proto.set_index_file(spec.index_file);
  for (const DepthSource& source : spec.depth) {
    v1::DepthSource* added = proto.add_depth();
    *added->mutable_shard() = ToProto(source.shard);
    added->set_task(source.task);
    added->set_directory(source.directory);
    added->set_scale(source.ramp.from.scale);
    added->set_shift(source.ramp.from.shift);
    added->set_scale_to(source.ramp.to.scale);
    added->set_shift_to(source.ramp.to.shift);
  }
  proto.set_depth_low(spec.depth_low);
  proto.set_depth_high(spec.depth_high);
  *proto.mutable_ease_begin() = ToProto(spec.ease_begin);
  *proto.mutable_ease_end() = ToProto(spec.ease_end);
  proto.set_warp_task(spec.warp_task);
  proto.set_warp_directory(spec.warp_directory);
  proto.set_inpaint_task(spec.inpaint_task);
  proto.set_inpaint_directory(spec.inpaint_directory);
  proto.set_stage_basis(spec.stage_basis);
  proto.set_memory_step(spec.memory_step);
  *proto.mutable_sample_frames() = {spec.sample_frames.begin(), spec.sample_frames.end()};
  return proto;
}

absl::StatusOr<TaskSpec> FromProto(const v1::TaskSpec& proto) {
  TaskSpec spec;
  spec.job = proto.job();
  spec.task = proto.task();
  SF_ASSIGN_OR_RETURN(spec.kind, ParseTaskKind(proto.kind()));
  SF_ASSIGN_OR_RETURN(spec.shard, FromProto(proto.shard()));
  SF_ASSIGN_OR_RETURN(spec.settings, FromProto(proto.settings()));
  spec.index_file = proto.index_file();
  for (const v1::DepthSource& source : proto.depth()) {
    SF_ASSIGN_OR_RETURN(Shard shard, FromProto(source.shard()));
    SF_ASSIGN_OR_RETURN(const AlignmentRamp ramp, RampFromProto(source));
    spec.depth.push_back({shard, source.task(), source.directory(), ramp});
  }
  spec.depth_low = proto.depth_low();
  spec.depth_high = proto.depth_high();
  if (proto.has_ease_begin()) {
    SF_ASSIGN_OR_RETURN(spec.ease_begin, FromProto(proto.ease_begin()));
  }
  if (proto.has_ease_end()) {
    SF_ASSIGN_OR_RETURN(spec.ease_end, FromProto(proto.ease_end()));
  }
  spec.warp_task = proto.warp_task();
  spec.warp_directory = proto.warp_directory();
  spec.inpaint_task = proto.inpaint_task();
  spec.inpaint_directory = proto.inpaint_directory();
  spec.stage_basis = proto.stage_basis();
  spec.memory_step = std::clamp(proto.memory_step(), 0, kMostMemorySteps);
  for (const int64_t frame : proto.sample_frames()) {
    const bool rises = spec.sample_frames.empty() || spec.sample_frames.back() < frame;
    if (!rises || !spec.shard.core.Contains(frame) ||
        std::ssize(spec.sample_frames) == kMostSampleFrames) {
      return absl::InvalidArgumentError(
          absl::StrFormat("sample_frames: they don't rise inside of the shard, or are more than %d",
                          kMostSampleFrames));
    }
    spec.sample_frames.push_back(frame);
  }
  return spec;
}

v1::TaskLease ToProto(const TaskLease& lease) {
  v1::TaskLease proto;
  *proto.mutable_spec() = ToProto(lease.spec);
  proto.set_epoch(lease.epoch);
  proto.set_lease_id(lease.lease_id);
  proto.set_attempt_directory(lease.attempt_directory);
  proto.set_log_file(lease.log_file);
  proto.set_store_marker(lease.store_marker);
  proto.set_lease_micros(lease.lease_micros);
  return proto;
}

absl::StatusOr<TaskLease> FromProto(const v1::TaskLease& proto) {
  TaskLease lease;
  SF_ASSIGN_OR_RETURN(lease.spec, FromProto(proto.spec()));
  lease.epoch = proto.epoch();
  lease.lease_id = proto.lease_id();
  lease.attempt_directory = proto.attempt_directory();
  lease.log_file = proto.log_file();
  lease.store_marker = proto.store_marker();
  lease.lease_micros = proto.lease_micros();
  return lease;
}

v1::Manifest ToProto(const Manifest& manifest) {
  v1::Manifest proto;
  proto.set_job(manifest.job);
  proto.set_task(manifest.task);
  proto.set_epoch(manifest.epoch);
  proto.set_lease_id(manifest.lease_id);
  proto.set_stage_key(manifest.stage_key);
  proto.set_numeric_class(manifest.numeric_class);
  proto.set_build(manifest.build);
  proto.set_model(manifest.model);
  proto.set_frames(manifest.frames);
  for (const ManifestFile& file : manifest.files) {
    v1::ManifestFile* added = proto.add_files();
    added->set_name(file.name);
    added->set_size(file.size);
    added->set_sha256(file.sha256);
  }
  return proto;
}

absl::StatusOr<Manifest> FromProto(const v1::Manifest& proto) {
  Manifest manifest;
  manifest.job = proto.job();
  manifest.task = proto.task();
  manifest.epoch = proto.epoch();
  manifest.lease_id = proto.lease_id();
  manifest.stage_key = proto.stage_key();
  manifest.numeric_class = proto.numeric_class();
  manifest.build = proto.build();
  manifest.model = proto.model();
  manifest.frames = proto.frames();
  for (const v1::ManifestFile& file : proto.files()) {
    if (file.size() < 0 || file.sha256().size() != 64) {
      return absl::InvalidArgumentError(
          absl::StrFormat("manifest: file '%s' has no valid size and hash", file.name()));
    }
    if (!IsPlainName(file.name()) || file.name() == kCommittedFile) {
      return absl::InvalidArgumentError(
          absl::StrFormat("manifest: '%s' is no name for a file of an attempt", file.name()));
    }
    manifest.files.push_back({file.name(), file.size(), file.sha256()});
  }
  return manifest;
}

v1::JobNote ToProto(const JobNote& note) {
  v1::JobNote proto;
  proto.set_version(kJobNoteVersion);
  proto.set_job(note.job);
  proto.set_state(JobStateName(note.state));
  *proto.mutable_settings() = ToProto(note.settings);
  proto.set_replace(note.replace);
  proto.set_priority(note.priority);
  proto.set_paused(note.paused);
  proto.set_max_workers(note.max_workers);
  *proto.mutable_tags() = {note.tags.begin(), note.tags.end()};
  proto.set_owner(note.owner);
  proto.set_error(note.error);
  proto.set_source_identity(note.source_identity);
  proto.set_model_files(note.model_files);
  proto.set_fingerprint(note.fingerprint);
  proto.set_range_begin(note.range.begin);
  proto.set_range_end(note.range.end);
  proto.set_created_wall_micros(note.created_micros);
  proto.set_started_wall_micros(note.started_micros);
  proto.set_ended_wall_micros(note.ended_micros);
  return proto;
}

absl::StatusOr<JobNote> FromProto(const v1::JobNote& proto) {
  if (proto.version() != kJobNoteVersion) {
    return absl::DataLossError(
        absl::StrFormat("the note of a job has version %d, this program knows version %d",
                        proto.version(), kJobNoteVersion));
  }
  JobNote note;
  note.job = proto.job();
  SF_ASSIGN_OR_RETURN(note.state, ParseJobState(proto.state()));
  SF_ASSIGN_OR_RETURN(note.settings, FromProto(proto.settings()));
  note.replace = proto.replace();
  note.priority = proto.priority();
  note.paused = proto.paused();
  note.max_workers = proto.max_workers();
  note.tags = {proto.tags().begin(), proto.tags().end()};
  note.owner = proto.owner();
  note.error = proto.error();
  note.source_identity = proto.source_identity();
  note.model_files = proto.model_files();
  note.fingerprint = proto.fingerprint();
  v1::FrameRange range;
  range.set_begin(proto.range_begin());
  range.set_end(proto.range_end());
  SF_ASSIGN_OR_RETURN(note.range, FromProto(range, "range"));
  note.created_micros = proto.created_wall_micros();
  note.started_micros = proto.started_wall_micros();
  note.ended_micros = proto.ended_wall_micros();
  return note;
}

}  // namespace stereofarm
