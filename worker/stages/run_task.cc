#include "worker/stages/run_task.h"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/base/log.h"
#include "common/farm/fill_window.h"
#include "common/farm/stage_key.h"
#include "common/media/frame_index_io.h"
#include "proto/records.h"
#include "worker/stages/decode.h"
#include "worker/stages/depth.h"
#include "worker/stages/encode.h"
#include "worker/stages/eye_files.h"
#include "worker/stages/inpaint.h"
#include "worker/stages/joined_depth.h"
#include "worker/stages/packer.h"
#include "worker/stages/prefetch.h"
#include "worker/stages/scan.h"
#include "worker/stages/warp.h"

namespace stereofarm {
namespace {

using Frames = std::unique_ptr<Stream<FilmFrame>>;

// Decoded frames of `range` with their depth.
absl::StatusOr<Frames> WithDepth(const FrameRange& range, bool with_picture, JoinWants wants,
                                 TaskRun* run) {
  SF_ASSIGN_OR_RETURN(Frames frames,
                      DecodeFilm(range, {.picture = with_picture, .rgb = true}, run));
  SF_ASSIGN_OR_RETURN(JoinedDepth depth, JoinedDepth::Open(*run));
  return std::make_unique<JoinStage>(std::move(frames), std::move(depth), wants, run);
}

// What warping needs.
JoinWants WarpDepth(const JobSettings& settings, bool with_depth = false) {
  const bool metric = settings.rig.has_value();
  return {.inverse_metres = metric, .depth = !metric || with_depth};
}

// The core and what the fill of its frames looks at.
FrameRange FillRange(const Shard& shard, const Inpainters& inpainters) {
  int window = 0;
  for (const auto& [eye, inpainter] : inpainters) window = std::max(window, inpainter->window());
  return shard.core.Grow(window, shard.shot);
}

FrameWants Both(FrameWants a, const FrameWants& b) {
  return {.rgb = a.rgb || b.rgb,
          .depth = a.depth || b.depth,
          .metres = a.metres || b.metres,
          .displacement = a.displacement || b.displacement,
          .warped = a.warped || b.warped,
          .filled = a.filled || b.filled};
}

// Warp, inpaint, pack and encode in one.
absl::Status RunRender(Splatter* splatter, const Inpainters& inpainters, TaskRun* run) {
  const JobSettings& settings = run->spec().settings;
  const Shard& shard = run->spec().shard;
  const FrameWants wants = WantsOf(settings.outputs, settings.exports);
  SF_ASSIGN_OR_RETURN(Frames frames,
                      WithDepth(wants.filled ? FillRange(shard, inpainters) : shard.core,
                                /*with_picture=*/true, WarpDepth(settings, wants.depth), run));
  // On the thread of the join: filling, the longest of the stages, has one of its own, and frames
  // that wait between threads are large.
  frames = std::make_unique<WarpStage>(
      std::move(frames), wants.filled ? Both(wants, kInpaintWants) : wants, splatter, run);
  if (wants.filled) {
    frames = std::make_unique<InpaintStage>(std::move(frames), &inpainters, shard.core, wants, run);
  }
  return EncodeSegments(std::move(frames), run);
}

absl::Status RunWarp(Splatter* splatter, TaskRun* run) {
  SF_ASSIGN_OR_RETURN(Frames frames, WithDepth(run->spec().shard.core, /*with_picture=*/false,
                                               WarpDepth(run->spec().settings), run));
  frames = Ahead<FilmFrame>(std::make_unique<WarpStage>(
      Ahead(std::move(frames)), FrameWants{.warped = true, .filled = false}, splatter, run));
  return WriteWarpFiles(frames.get(), run);
}

absl::StatusOr<Frames> WithFiles(Frames frames, EyeFilesStage::Kind kind, TaskRun* run) {
  const TaskSpec& spec = run->spec();
  const bool warped = kind == EyeFilesStage::Kind::kWarped;
  SF_ASSIGN_OR_RETURN(
      CommittedFolder folder,
      CommittedFolder::Open(
          warped ? spec.warp_task : spec.inpaint_task,
          run->place().store / (warped ? spec.warp_directory : spec.inpaint_directory)));
  return std::make_unique<EyeFilesStage>(std::move(frames), std::move(folder), kind, run);
}

// The core's eyes come from files; those of its neighbours, which fills look at, are made again.
absl::Status RunInpaint(Splatter* splatter, const Inpainters& inpainters, TaskRun* run) {
  const Shard& shard = run->spec().shard;
  SF_ASSIGN_OR_RETURN(Frames frames, WithDepth(FillRange(shard, inpainters), /*with_picture=*/false,
                                               WarpDepth(run->spec().settings), run));
  SF_ASSIGN_OR_RETURN(frames,
                      WithFiles(Ahead(std::move(frames)), EyeFilesStage::Kind::kWarped, run));
  frames = std::make_unique<WarpStage>(std::move(frames), kInpaintWants, splatter, run);
  frames = Ahead<FilmFrame>(std::make_unique<InpaintStage>(std::move(frames), &inpainters,
                                                           shard.core, FrameWants{}, run));
  return WriteInpaintFiles(frames.get(), inpainters.begin()->second->Id(), run);
}

absl::Status RunEncode(TaskRun* run) {
  const FrameWants wants = WantsOf(run->spec().settings.outputs, run->spec().settings.exports);
  SF_ASSIGN_OR_RETURN(
      Frames frames,
      DecodeFilm(run->spec().shard.core,
                 {.picture = true, .rgb = wants.rgb || wants.depth || wants.metres}, run));
  if (wants.depth || wants.metres) {
    SF_ASSIGN_OR_RETURN(JoinedDepth depth, JoinedDepth::Open(*run));
    frames = std::make_unique<JoinStage>(
        std::move(frames), std::move(depth),
        JoinWants{.inverse_metres = wants.metres, .depth = wants.depth}, run);
  }
  if (wants.filled) {
    SF_ASSIGN_OR_RETURN(frames,
                        WithFiles(Ahead(std::move(frames)), EyeFilesStage::Kind::kFilled, run));
  }
  if (wants.warped) {
    SF_ASSIGN_OR_RETURN(frames,
                        WithFiles(Ahead(std::move(frames)), EyeFilesStage::Kind::kWarped, run));
  }
  return EncodeSegments(Ahead(std::move(frames)), run);
}

std::string SpecText(const TaskLease& lease) {
  const TaskSpec& spec = lease.spec;
  std::string outputs;
  for (const OutputSpec& output : spec.settings.outputs) outputs += " " + LayoutName(output.layout);
  return absl::StrFormat(
      "%s of job %s, epoch %d: %s, core %s, full %s, shot %s; depth %s, inpaint %s, layouts%s, "
      "codec %s, film %s",
      spec.task, spec.job, lease.epoch, TaskKindName(spec.kind), RangeName(spec.shard.core),
      RangeName(spec.shard.full), RangeName(spec.shard.shot), spec.settings.depth,
      spec.settings.inpaint, outputs, spec.settings.codec, spec.settings.input);
}

}  // namespace

StageRunner::StageRunner(ModelFactories factories, std::string numeric_class, std::string build)
    : factories_(std::move(factories)),
      numeric_class_(std::move(numeric_class)),
      build_(std::move(build)) {}

absl::StatusOr<Manifest> StageRunner::Run(const TaskLease& lease, const TaskPlace& place,
                                          TaskProgress* progress) {
  TaskLog log(lease.log_file.empty() ? std::filesystem::path() : place.store / lease.log_file);
  log.Line(SpecText(lease));
  log.Line("worker: " + numeric_class_ + ", build " + build_);
  absl::StatusOr<Manifest> manifest = absl::InternalError("the task didn't run");
  // Foreign libraries throw; here is where it ends.
  try {
    manifest = RunLogged(lease, place, progress, &log);
  } catch (const std::bad_alloc&) {
    manifest = OutOfMemory("out of memory");
  } catch (const std::exception& error) {
    manifest = absl::InternalError(error.what());
  }
  log.Line(manifest.ok() ? absl::StrFormat("made %d files of %d frames", manifest->files.size(),
                                           manifest->frames)
                         : "ended: " + manifest.status().ToString());
  return manifest;
}

absl::StatusOr<Manifest> StageRunner::RunLogged(const TaskLease& lease, const TaskPlace& place,
                                                TaskProgress* progress, TaskLog* log) {
  if (lease.spec.memory_step > 0) {
    log->Line("the task ran out of memory before: every kept model is dropped");
    estimator_.reset();
    splatter_.reset();
    inpainters_.clear();
  }
  SF_ASSIGN_OR_RETURN(std::shared_ptr<const FrameIndex> index,
                      IndexAt(place.store / lease.spec.index_file));
  const FrameRange all{0, index->frame_count()};
  if (!all.Contains(lease.spec.shard.shot) || lease.spec.shard.core.empty()) {
    return absl::InternalError(
        absl::StrFormat("%s doesn't lie in the film's %d frames", lease.spec.task, all.size()));
  }
  const std::filesystem::path folder = place.store / lease.attempt_directory;
  SF_RETURN_IF_ERROR(MakeDirectories(folder));
  TaskRun run(lease.spec, place, folder, std::move(index), progress, log);
  run.ExpectFrames(lease.spec.shard.core.size());
  std::string model;
  const absl::Status ran = RunStages(&run, &model);
  run.Log("time: " + run.TimesText());
  SF_RETURN_IF_ERROR(ran);
  SF_RETURN_IF_ERROR(run.CheckCancelled());
  return Describe(lease, run, model);
}

absl::StatusOr<std::shared_ptr<const FrameIndex>> StageRunner::IndexAt(
    const std::filesystem::path& file) {
  if (index_ != nullptr && file == index_file_) return index_;
  absl::StatusOr<std::string> bytes = ReadFile(file);
  // The coordinator wrote it before it handed the task out: if it isn't here, the store is away.
  if (!bytes.ok()) return absl::UnavailableError(std::string(bytes.status().message()));
  absl::StatusOr<FrameIndex> index = ParseFrameIndex(*bytes);
  if (!index.ok()) return Annotate(index.status(), file.string());
  index_ = std::make_shared<const FrameIndex>(*std::move(index));
  index_file_ = file;
  return index_;
}

absl::StatusOr<DepthEstimator*> StageRunner::Estimator(const std::string& name, bool stabilise) {
  if (estimator_ == nullptr || estimator_name_ != name || stabilised_ != stabilise) {
    estimator_.reset();
    SF_ASSIGN_OR_RETURN(estimator_, factories_.depth(name));
    if (stabilise && estimator_->LooksAtFramesAlone()) {
      estimator_ = factories_.stabilise(std::move(estimator_));
    }
    estimator_name_ = name;
    stabilised_ = stabilise;
  }
  return estimator_.get();
}

absl::StatusOr<const Inpainters*> StageRunner::InpaintersOf(const JobSettings& settings) {
  const std::vector<SynthesizedEye> eyes = EyesToMake(settings.synthesize);
  const bool kept = inpainter_name_ == settings.inpaint && inpainters_.size() == eyes.size() &&
                    inpainters_.contains(eyes.front());
  if (kept) return &inpainters_;
  inpainters_.clear();
  for (const SynthesizedEye eye : eyes) {
    SF_ASSIGN_OR_RETURN(inpainters_[eye], factories_.inpaint(settings.inpaint));
    if (inpainters_[eye]->window() > kFillWindow) {
      return absl::InternalError(
          absl::StrFormat("%s looks at %d frames to both sides, more than "
                          "the %d that a task is given",
                          settings.inpaint, inpainters_[eye]->window(), kFillWindow));
    }
  }
  inpainter_name_ = settings.inpaint;
  return &inpainters_;
}

absl::StatusOr<Splatter*> StageRunner::SplatterOfDevice() {
  if (splatter_ == nullptr) {
    SF_ASSIGN_OR_RETURN(splatter_, factories_.splat());
  }
  return splatter_.get();
}

absl::Status StageRunner::RunStages(TaskRun* run, std::string* model) {
  const JobSettings& settings = run->spec().settings;
  switch (run->spec().kind) {
    case TaskKind::kScan:
      return RunScan(run);
    case TaskKind::kDepth: {
      if (settings.depth.starts_with("exr:")) {
        *model = "exr";
        return RunDepth(nullptr, run);
      }
      SF_ASSIGN_OR_RETURN(DepthEstimator* const estimator,
                          Estimator(run->place().depth, settings.stabilise));
      *model = estimator->Id();
      return RunDepth(estimator, run);
    }
    case TaskKind::kWarp: {
      SF_ASSIGN_OR_RETURN(Splatter* const splatter, SplatterOfDevice());
      return RunWarp(splatter, run);
    }
    case TaskKind::kEncode:
      return RunEncode(run);
    case TaskKind::kInpaint:
    case TaskKind::kRender:
      break;
  }
  SF_ASSIGN_OR_RETURN(const Inpainters* const inpainters, InpaintersOf(settings));
  *model = inpainters->begin()->second->Id();
  SF_ASSIGN_OR_RETURN(Splatter* const splatter, SplatterOfDevice());
  if (run->spec().kind == TaskKind::kInpaint) return RunInpaint(splatter, *inpainters, run);
  return RunRender(splatter, *inpainters, run);
}

absl::StatusOr<Manifest> StageRunner::Describe(const TaskLease& lease, const TaskRun& run,
                                               const std::string& model) const {
  const TaskSpec& spec = lease.spec;
  Manifest manifest;
  manifest.job = spec.job;
  manifest.task = spec.task;
  manifest.epoch = lease.epoch;
  manifest.lease_id = lease.lease_id;
  manifest.stage_key = StageKey(spec.stage_basis, numeric_class_);
  manifest.numeric_class = numeric_class_;
  manifest.build = build_;
  manifest.model = model;
  manifest.frames = spec.FrameCount();
  int64_t expected = spec.shard.core.size();
  if (spec.kind == TaskKind::kScan || spec.IsSkeleton()) expected = 1;
  if (spec.kind == TaskKind::kDepth && !spec.IsSkeleton()) expected = spec.shard.full.size() + 1;
  if (spec.kind == TaskKind::kRender || spec.kind == TaskKind::kEncode) {
    expected = static_cast<int64_t>(spec.settings.outputs.size()) +
               static_cast<int64_t>(spec.settings.exports.size()) * spec.shard.core.size();
  }
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(run.folder(), error), end; !error && it != end;
       it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error || static_cast<int64_t>(names.size()) != expected) {
    return absl::InternalError(absl::StrFormat("%s holds %d files where %d were made",
                                               run.folder().string(), names.size(), expected));
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    SF_RETURN_IF_ERROR(run.CheckCancelled());
    SF_RETURN_IF_ERROR(SyncPath(run.folder() / name));
    SF_ASSIGN_OR_RETURN(ManifestFile file, DescribeFile(run.folder(), name));
    manifest.files.push_back(std::move(file));
  }
  SF_RETURN_IF_ERROR(SyncPath(run.folder()));
  SF_RETURN_IF_ERROR(WriteManifest(run.folder() / kManifestFile, manifest));
  return manifest;
}

}  // namespace stereofarm
