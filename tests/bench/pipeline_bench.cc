// What a render task does to a frame but encoding it: decode, join depth, warp, inpaint and pack,
// on the sample film at its own size and at twice that.
#include <benchmark/benchmark.h>

#include <cmath>
#include <map>
#include <memory>
#include <utility>

#include "common/base/file_system.h"
#include "common/base/log.h"
#include "common/exr/exr.h"
#include "common/media/frame_reader.h"
#include "common/media/segment.h"
#include "models/inpaint/create.h"
#include "models/stereo/splatter.h"
#include "proto/records.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_data.h"
#include "worker/stages/decode.h"
#include "worker/stages/depth.h"
#include "worker/stages/inpaint.h"
#include "worker/stages/joined_depth.h"
#include "worker/stages/packer.h"
#include "worker/stages/prefetch.h"
#include "worker/stages/warp.h"

namespace stereofarm {
namespace {

constexpr int64_t kFrames = 24;
constexpr ImageSize kDepthSize{384, 216};

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) SF_LOG(kError) << value.status().ToString();
  SF_CHECK(value.ok());
  return *std::move(value);
}

// The sample film's first frames at `scale` times its size, with depth that a task has committed.
class BenchFilm {
 public:
  explicit BenchFilm(int scale) {
    WriteFilm(scale);
    index_ = std::make_shared<const FrameIndex>(Must(BuildFrameIndex(folder_ / "film.mov")));
    spec_.job = "bench";
    spec_.task = "render/0";
    spec_.kind = TaskKind::kRender;
    spec_.shard = {{0, kFrames}, {0, kFrames}, {0, kFrames}};
    spec_.settings.input = folder_ / "film.mov";
    spec_.settings.outputs = {{Layout::kSbs, "out.mkv"}};
    WriteDepth();
  }
  std::unique_ptr<TaskRun> Run() {
    return std::make_unique<TaskRun>(spec_, place_, folder_.path(), index_, &progress_, &log_);
  }
  const TaskSpec& spec() const { return spec_; }
  const FrameIndex& index() const { return *index_; }

 private:
  void WriteFilm(int scale) {
    const std::filesystem::path sample = TestData("sample_film.mp4");
    const auto index = std::make_shared<const FrameIndex>(Must(BuildFrameIndex(sample)));
    const auto reader = Must(FrameReader::Open(sample, index, {0, kFrames}));
    EncodedVideo video;
    video.width = index->video.width * scale;
    video.height = index->video.height * scale;
    EncoderSettings encoder;
    encoder.options = {{"preset", "ultrafast"}};
    const auto writer = Must(SegmentWriter::Create(folder_ / "film.mov", video, encoder, ""));
    ColorConverter converter(index->video.color);
    while (auto frame = Must(reader->Next())) {
      SF_CHECK(writer->Add(Must(converter.Resize(frame->picture, video.width, video.height))).ok());
    }
    SF_CHECK(writer->Finish().ok());
  }
  // A ramp with a moving block in front of it.
  void WriteDepth() {
    Manifest manifest;
    for (int64_t frame = 0; frame < kFrames; ++frame) {
      Image depth(kDepthSize.width, kDepthSize.height, 1);
      for (int y = 0; y < depth.height(); ++y) {
        for (int x = 0; x < depth.width(); ++x) {
          const bool block = std::abs(x - 120 - 3 * frame) < 40 && y > 60;
          depth.Row(0, y)[x] = block ? 0.9f : 0.1f + 0.5f * static_cast<float>(y) / 216;
        }
      }
      const std::string name = DepthFileName(frame);
      SF_CHECK(WriteExr(folder_ / name, depth, {kDepthChannel}, {}).ok());
      manifest.files.push_back(Must(DescribeFile(folder_.path(), name)));
    }
    SF_CHECK(WriteManifest(folder_ / kCommittedFile, manifest).ok());
    spec_.depth = {{spec_.shard, "depth/0", "", 1, 0}};
  }

  const TempFolder folder_;
  TaskSpec spec_;
  const TaskPlace place_{folder_.path(), folder_.path() / "film.mov", spec_.settings.depth, {}};
  std::shared_ptr<const FrameIndex> index_;
  TaskProgress progress_;
  TaskLog log_{""};
};

BenchFilm& FilmOf(int scale) {
  static std::map<int, std::unique_ptr<BenchFilm>> films;
  std::unique_ptr<BenchFilm>& film = films[scale];
  if (film == nullptr) film = std::make_unique<BenchFilm>(scale);
  return *film;
}

using Frames = std::unique_ptr<Stream<FilmFrame>>;

// `threaded`: as a worker runs it; else one stage after the other on one thread.
void Pipeline(benchmark::State& state, bool threaded) {
  BenchFilm& film = FilmOf(static_cast<int>(state.range(0)));
  Inpainters inpainters;
  inpainters[SynthesizedEye::kRight] = Must(CreateInpainter("background"));
  const auto splatter = Must(CreateSplatter("cpu"));
  const PackPlan plan = Must(PlanPacking(Layout::kSbs, film.spec().settings, film.index().video));
  const auto ahead = [&](Frames frames) {
    return threaded ? Ahead(std::move(frames)) : std::move(frames);
  };
  std::string times;
  for (auto _ : state) {
    const std::unique_ptr<TaskRun> run = film.Run();
    Packer packer(plan, film.index().video.color);
    Frames frames = Must(DecodeFilm({0, kFrames}, {.picture = true, .rgb = true}, run.get()));
    frames = std::make_unique<JoinStage>(ahead(std::move(frames)), Must(JoinedDepth::Open(*run)),
                                         JoinWants{.depth = true}, run.get());
    frames = std::make_unique<WarpStage>(ahead(std::move(frames)), kInpaintWants, splatter.get(),
                                         run.get());
    frames = std::make_unique<InpaintStage>(ahead(std::move(frames)), &inpainters,
                                            FrameRange{0, kFrames}, FrameWants{}, run.get());
    frames = ahead(std::move(frames));
    while (auto frame = Must(frames->Next())) {
      StageTimer timer(run.get(), "pack");
      benchmark::DoNotOptimize(Must(packer.Pack(*frame)));
    }
    times = run->TimesText();
  }
  state.SetItemsProcessed(state.iterations() * kFrames);
  state.SetLabel(times);
}

void BM_PipelineOneThread(benchmark::State& state) { Pipeline(state, false); }
void BM_PipelineThreaded(benchmark::State& state) { Pipeline(state, true); }
BENCHMARK(BM_PipelineOneThread)->Arg(1)->Arg(2)->ArgName("scale")->UseRealTime();
BENCHMARK(BM_PipelineThreaded)->Arg(1)->Arg(2)->ArgName("scale")->UseRealTime();

}  // namespace
}  // namespace stereofarm
