// Times of common/media: decoding, random access, colour conversion, encoding. One thread each.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <memory>

#include "common/base/log.h"
#include "common/base/random.h"
#include "common/media/frame_reader.h"
#include "common/media/segment.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

const fs::path kFilm = fs::path(STEREOFARM_SOURCE_DIR) / "tests" / "data" / "sample_film.mp4";

std::shared_ptr<const FrameIndex> FilmIndex() {
  static const std::shared_ptr<const FrameIndex> index = [] {
    auto built = BuildFrameIndex(kFilm);
    SF_CHECK(built.ok());
    return std::make_shared<const FrameIndex>(std::move(*built));
  }();
  return index;
}

Picture NoisyPicture(const char* pixel_format, int width, int height) {
  auto picture = Picture::Create(pixel_format, width, height);
  SF_CHECK(picture.ok());
  const std::unique_ptr<Random> random = SeededRandom(1);
  for (int i = 0; i < picture->plane_count(); ++i) {
    const Picture::PlaneView plane = picture->plane(i);
    uint8_t* data = picture->mutable_plane(i);
    for (int y = 0; y < plane.height; ++y) {
      uint64_t noise = random->Next();
      for (int x = 0; x < plane.width; ++x) {
        const int shade = 16 + (x / 8 + y / 8) % 200 + static_cast<int>(noise >> (x & 31) & 7);
        if (picture->bytes_per_sample() == 1) {
          data[y * plane.stride + x] = static_cast<uint8_t>(shade);
        } else {
          reinterpret_cast<uint16_t*>(data + y * plane.stride)[x] =
              static_cast<uint16_t>(shade * 4);
        }
      }
    }
  }
  return std::move(*picture);
}

void BuildIndex(benchmark::State& state) {
  for (auto _ : state) {
    auto index = BuildFrameIndex(kFilm);
    SF_CHECK(index.ok());
    benchmark::DoNotOptimize(index);
  }
}
BENCHMARK(BuildIndex)->Unit(benchmark::kMillisecond);

void Decode(benchmark::State& state) {
  int64_t frames = 0;
  for (auto _ : state) {
    auto reader = FrameReader::Open(kFilm, FilmIndex(), {0, FilmIndex()->frame_count()});
    SF_CHECK(reader.ok());
    while (true) {
      auto frame = (*reader)->Next();
      SF_CHECK(frame.ok());
      if (!frame->has_value()) break;
      ++frames;
    }
  }
  state.SetItemsProcessed(frames);
}
BENCHMARK(Decode)->Unit(benchmark::kMillisecond);

// Opens the film anew for one frame somewhere in it.
void RandomAccess(benchmark::State& state) {
  const std::unique_ptr<Random> random = SeededRandom(1);
  for (auto _ : state) {
    const auto count = static_cast<uint64_t>(FilmIndex()->frame_count());
    const auto frame = static_cast<int64_t>(random->Next() % count);
    auto reader = FrameReader::Open(kFilm, FilmIndex(), {frame, frame + 1});
    SF_CHECK(reader.ok() && (*reader)->Next().ok());
  }
}
BENCHMARK(RandomAccess)->Unit(benchmark::kMillisecond);

// Arguments: width, height of the result. The picture is 1920x1080.
void ToRgb(benchmark::State& state, const char* pixel_format) {
  const Picture picture = NoisyPicture(pixel_format, 1920, 1080);
  ColorConverter converter(ColorInfo{});
  Image rgb(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), 3);
  for (auto _ : state) {
    SF_CHECK(converter.ToRgb(picture, &rgb).ok());
  }
}
BENCHMARK_CAPTURE(ToRgb, yuv420p, "yuv420p")
    ->Args({1920, 1080})
    ->Args({960, 540})
    ->Args({518, 294})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ToRgb, yuv420p10, "yuv420p10le")
    ->Args({1920, 1080})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ToRgb, yuv422p10, "yuv422p10le")
    ->Args({1920, 1080})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ToRgb, yuv444p, "yuv444p")->Args({1920, 1080})->Unit(benchmark::kMillisecond);

void FromRgb(benchmark::State& state, const char* pixel_format) {
  ColorConverter converter(ColorInfo{});
  auto rgb = converter.ToRgb(NoisyPicture(pixel_format, 1920, 1080), 1920, 1080);
  SF_CHECK(rgb.ok());
  for (auto _ : state) {
    auto picture = converter.FromRgb(*rgb, pixel_format);
    SF_CHECK(picture.ok());
  }
}
BENCHMARK_CAPTURE(FromRgb, yuv420p, "yuv420p")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(FromRgb, yuv420p10, "yuv420p10le")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(FromRgb, yuv444p, "yuv444p")->Unit(benchmark::kMillisecond);

void HalfWidth(benchmark::State& state) {
  const Picture picture = NoisyPicture("yuv420p", 1920, 1080);
  ColorConverter converter(ColorInfo{});
  for (auto _ : state) {
    SF_CHECK(converter.Resize(picture, 960, 1080).ok());
  }
}
BENCHMARK(HalfWidth)->Unit(benchmark::kMillisecond);

// Frames of a full side-by-side 1080p film.
void Encode(benchmark::State& state, const char* codec, const char* pixel_format) {
  const fs::path path = fs::temp_directory_path() / "stereofarm-media-bench.segment";
  EncodedVideo video;
  video.width = 3840;
  video.height = 1080;
  EncoderSettings settings;
  settings.codec = codec;
  constexpr int kFrames = 8;
  const Picture picture = NoisyPicture(pixel_format, video.width, video.height);
  for (auto _ : state) {
    auto writer = SegmentWriter::Create(path, video, settings, "");
    SF_CHECK(writer.ok());
    for (int i = 0; i < kFrames; ++i) SF_CHECK((*writer)->Add(picture).ok());
    SF_CHECK((*writer)->Finish().ok());
  }
  state.SetItemsProcessed(state.iterations() * kFrames);
  fs::remove(path);
}
BENCHMARK_CAPTURE(Encode, libx264, "libx264", "yuv420p")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Encode, prores, "prores", "yuv422p10le")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Encode, ffv1, "ffv1", "yuv420p")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stereofarm
