#include "tests/unit/worker/tiny_farm.h"

#include <gtest/gtest.h>

#include <cstring>
#include <utility>

#include "common/base/file_system.h"
#include "common/media/frame_index_io.h"
#include "common/media/frame_reader.h"
#include "common/media/segment.h"
#include "models/inpaint/create.h"
#include "models/stereo/splatter.h"
#include "proto/records.h"

namespace stereofarm {
namespace {

constexpr char kIndexFile[] = "jobs/j/index.pb";

void StoreSample(uint8_t* row, int x, int bytes, int value) {
  if (bytes == 1) {
    row[x] = static_cast<uint8_t>(value);
  } else {
    const uint16_t wide = static_cast<uint16_t>(value << 2);  // of 10 bits
    std::memcpy(row + 2 * x, &wide, sizeof(wide));
  }
}

ModelFactories Factories() {
  ModelFactories factories;
  factories.depth = [](const std::string&) { return std::make_unique<BrightnessDepth>(); };
  factories.splat = [] { return CreateSplatter("cpu"); };
  factories.inpaint = [](const std::string& name) -> absl::StatusOr<std::unique_ptr<Inpainter>> {
    if (name == "window-mean") return std::make_unique<WindowMean>();
    return CreateInpainter(name);
  };
  return factories;
}

void WriteFilm(const TinyFilm& film, const std::filesystem::path& file) {
  EncoderSettings encoder;
  encoder.codec = "ffv1";
  encoder.crf.reset();
  EncodedVideo video;
  video.width = film.width;
  video.height = film.height;
  absl::StatusOr<std::unique_ptr<SegmentWriter>> writer =
      SegmentWriter::Create(file, video, encoder, "");
  ASSERT_TRUE(writer.ok()) << writer.status();
  for (int64_t i = 0; i < film.frames; ++i) {
    ASSERT_TRUE((*writer)->Add(TinyPicture(film, i)).ok());
  }
  ASSERT_TRUE((*writer)->Finish().ok());
}

}  // namespace

absl::Status WindowMean::Begin() {
  frames_.clear();
  next_ = 0;
  return absl::OkStatus();
}

absl::Status WindowMean::Push(InpaintFrame frame, std::vector<FilledFrame>* done) {
  frames_.push_back(std::move(frame));
  if (next_ + kWindow < frames_.size()) {
    if (frames_[next_].wanted) done->push_back(Fill(next_));
    if (next_ == kWindow) {
      frames_.pop_front();
    } else {
      ++next_;
    }
  }
  return absl::OkStatus();
}

absl::Status WindowMean::Finish(std::vector<FilledFrame>* done) {
  for (; next_ < frames_.size(); ++next_) {
    if (next_ > kWindow) {
      frames_.pop_front();
      --next_;
    }
    if (frames_[next_].wanted) done->push_back(Fill(next_));
  }
  return absl::OkStatus();
}

FilledFrame WindowMean::Fill(size_t target) const {
  const InpaintFrame& frame = frames_[target];
  const Image& rgba = frame.warped.rgba;
  FilledFrame filled{frame.frame, Image(rgba.width(), rgba.height(), 3),
                     frame.hand_back ? frame.warped.Clone() : WarpedFrame()};
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < rgba.height(); ++y) {
      for (int x = 0; x < rgba.width(); ++x) {
        float sum = 0;
        for (const InpaintFrame& other : frames_) {
          sum += other.rgb.Row(c, y)[x] + 0.1f * other.displacement.Row(0, y)[x] +
                 other.warped.rgba.Row(c, y)[x];
        }
        const float mean = sum / static_cast<float>(2 * frames_.size());
        filled.rgb.Row(c, y)[x] = rgba.Row(3, y)[x] > 0 ? rgba.Row(c, y)[x] : mean;
      }
    }
  }
  return filled;
}

Picture TinyPicture(const TinyFilm& film, int64_t frame) {
  absl::StatusOr<Picture> picture = Picture::Create(film.pixel_format, film.width, film.height);
  EXPECT_TRUE(picture.ok()) << picture.status();
  for (int p = 0; p < picture->plane_count(); ++p) {
    const Picture::PlaneView view = picture->plane(p);
    for (int y = 0; y < view.height; ++y) {
      uint8_t* row = picture->mutable_plane(p) + view.stride * y;
      for (int x = 0; x < view.width; ++x) {
        const int moving = static_cast<int>(x + frame);
        const bool box = moving % 24 > 12 && y > view.height / 4 && y < 3 * view.height / 4;
        const int value = p == 0 ? (box ? 200 : 40) + (moving * 7 + y * 13) % 19
                                 : 110 + (moving * 3 + y * 5 + 11 * p) % 37;
        StoreSample(row, x, picture->bytes_per_sample(), value);
      }
    }
  }
  return *picture;
}

bool SamePixels(const Picture& a, const Picture& b) {
  if (a.pixel_format() != b.pixel_format() || a.width() != b.width() || a.height() != b.height()) {
    return false;
  }
  for (int p = 0; p < a.plane_count(); ++p) {
    const Picture::PlaneView pa = a.plane(p);
    const Picture::PlaneView pb = b.plane(p);
    const size_t bytes = static_cast<size_t>(pa.width * a.bytes_per_sample());
    for (int y = 0; y < pa.height; ++y) {
      if (std::memcmp(pa.data + pa.stride * y, pb.data + pb.stride * y, bytes) != 0) return false;
    }
  }
  return true;
}

Picture Part(const Picture& picture, int x, int y, int width, int height) {
  absl::StatusOr<Picture> part = Picture::Create(picture.pixel_format(), width, height);
  EXPECT_TRUE(part.ok()) << part.status();
  for (int p = 0; p < part->plane_count(); ++p) {
    const Picture::PlaneView from = picture.plane(p);
    const Picture::PlaneView to = part->plane(p);
    const int bytes = picture.bytes_per_sample();
    const int left = x * from.width / picture.width();
    const int top = y * from.height / picture.height();
    for (int row = 0; row < to.height; ++row) {
      std::memcpy(part->mutable_plane(p) + to.stride * row,
                  from.data + from.stride * (top + row) + left * bytes,
                  static_cast<size_t>(to.width * bytes));
    }
  }
  return *part;
}

std::vector<Picture> DecodeAll(const std::filesystem::path& file) {
  std::vector<Picture> pictures;
  absl::StatusOr<FrameIndex> index = BuildFrameIndex(file);
  EXPECT_TRUE(index.ok()) << index.status();
  if (!index.ok()) return pictures;
  const auto shared = std::make_shared<const FrameIndex>(*std::move(index));
  auto reader = FrameReader::Open(file, shared, {0, shared->frame_count()});
  EXPECT_TRUE(reader.ok()) << reader.status();
  while (reader.ok()) {
    absl::StatusOr<std::optional<DecodedFrame>> frame = (*reader)->Next();
    EXPECT_TRUE(frame.ok()) << frame.status();
    if (!frame.ok() || !frame->has_value()) break;
    pictures.push_back((*frame)->picture);
  }
  return pictures;
}

absl::StatusOr<DepthPlan> BrightnessDepth::Plan(ImageSize picture) const {
  const ImageSize half{picture.width / 2, picture.height / 2};
  return DepthPlan{.input = half, .output = half, .window = 1};
}

absl::Status BrightnessDepth::Begin(ImageSize) {
  frames_.clear();
  begun_ = false;
  return absl::OkStatus();
}

DepthResult BrightnessDepth::Mean(size_t first, size_t last, size_t middle) const {
  const Image& rgb = frames_[middle].rgb;
  DepthResult result;
  result.frame = frames_[middle].frame;
  result.inverse_depth = Image(rgb.width(), rgb.height(), 1);
  result.inverse_depth.Fill(0);
  for (size_t i = first; i <= last; ++i) {
    for (int y = 0; y < rgb.height(); ++y) {
      for (int x = 0; x < rgb.width(); ++x) {
        result.inverse_depth.Row(0, y)[x] +=
            frames_[i].rgb.Row(1, y)[x] / static_cast<float>(last - first + 1);
      }
    }
  }
  return result;
}

absl::Status BrightnessDepth::Push(DepthInput frame, std::vector<DepthResult>* done) {
  frames_.push_back(std::move(frame));
  if (frames_.size() == 2 && !begun_) {
    done->push_back(Mean(0, 1, 0));
    begun_ = true;
  } else if (frames_.size() == 3) {
    done->push_back(Mean(0, 2, 1));
    frames_.erase(frames_.begin());
  }
  return absl::OkStatus();
}

absl::Status BrightnessDepth::Finish(std::vector<DepthResult>* done) {
  if (!frames_.empty()) done->push_back(Mean(0, frames_.size() - 1, frames_.size() - 1));
  return absl::OkStatus();
}

TinyFarm::TinyFarm(const TinyFilm& film) : film_(film), runner_(Factories(), "tiny", "test") {
  const std::filesystem::path file = folder_ / "film.mkv";
  WriteFilm(film_, file);
  absl::StatusOr<FrameIndex> index = BuildFrameIndex(file);
  EXPECT_TRUE(index.ok()) << index.status();
  if (index.ok()) index_ = *std::move(index);
  EXPECT_TRUE(MakeDirectories((store() / kIndexFile).parent_path()).ok());
  EXPECT_TRUE(WriteFileAtomically(store() / kIndexFile, SerializeFrameIndex(index_)).ok());
  settings.input = file;
  settings.outputs = {{Layout::kSbs, folder_ / "out.mkv"}};
  settings.codec = "ffv1";
  settings.crf.reset();
  settings.encoder_options.clear();
  settings.encoder_threads = 1;
  settings.budget_percent = 10;
}

Shard TinyFarm::ShardOf(int64_t begin, int64_t end) const {
  const FrameRange all{0, film_.frames};
  return {{begin, end}, FrameRange{begin, end}.Grow(2, all), all};
}

TaskLease TinyFarm::Lease(TaskKind kind, const Shard& shard) {
  TaskLease lease;
  lease.spec.job = "j";
  lease.spec.task = TaskKindName(kind) + "/" + shard.Name();
  lease.spec.kind = kind;
  lease.spec.shard = shard;
  lease.spec.settings = settings;
  lease.spec.index_file = kIndexFile;
  lease.spec.stage_basis = "basis";
  lease.epoch = next_epoch_++;
  lease.lease_id = "id";
  lease.attempt_directory = AttemptDirectory("j", lease.spec.task, lease.epoch, lease.lease_id);
  lease.log_file = AttemptLog("j", lease.spec.task, lease.epoch);
  return lease;
}

std::filesystem::path TinyFarm::FolderOf(const TaskLease& lease) const {
  return store() / lease.attempt_directory;
}

absl::StatusOr<Manifest> TinyFarm::Run(const TaskLease& lease) {
  return runner_.Run(lease, PlaceAsNamed(lease, store()), &progress);
}

TaskLease TinyFarm::RunAndCommit(const TaskLease& lease) {
  const absl::StatusOr<Manifest> manifest = Run(lease);
  EXPECT_TRUE(manifest.ok()) << lease.spec.task << ": " << manifest.status();
  if (manifest.ok()) {
    EXPECT_TRUE(WriteManifest(FolderOf(lease) / kCommittedFile, *manifest).ok());
  }
  return lease;
}

DepthSource TinyFarm::Depth(const Shard& shard) {
  const TaskLease lease = RunAndCommit(Lease(TaskKind::kDepth, shard));
  return {shard, lease.spec.task, lease.attempt_directory, {}};
}

TaskLease TinyFarm::Render(const Shard& shard, std::vector<DepthSource> sources) {
  TaskLease lease = Lease(TaskKind::kRender, shard);
  lease.spec.depth = std::move(sources);
  return lease;
}

TaskLease TinyFarm::EncodeThroughFiles(const Shard& shard,
                                       const std::vector<DepthSource>& sources) {
  TaskLease warp = Lease(TaskKind::kWarp, shard);
  warp.spec.depth = sources;
  RunAndCommit(warp);
  TaskLease inpaint = Lease(TaskKind::kInpaint, shard);
  inpaint.spec.depth = sources;
  inpaint.spec.warp_task = warp.spec.task;
  inpaint.spec.warp_directory = warp.attempt_directory;
  RunAndCommit(inpaint);
  TaskLease encode = Lease(TaskKind::kEncode, shard);
  encode.spec.depth = sources;
  encode.spec.warp_task = warp.spec.task;
  encode.spec.warp_directory = warp.attempt_directory;
  encode.spec.inpaint_task = inpaint.spec.task;
  encode.spec.inpaint_directory = inpaint.attempt_directory;
  return encode;
}

}  // namespace stereofarm
