#include "models/inpaint/background_inpainter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/random.h"
#include "common/image/half.h"
#include "models/inpaint/half_eye.h"
#include "models/inpaint/hole_colours.h"
#include "models/inpaint/target.h"
#include "models/stereo/splat.h"
#include "tests/unit/stereo/picture.h"

namespace stereofarm {
namespace {

constexpr int kWidth = 160;
constexpr int kHeight = 96;

// Smooth grey patterns on an endless wall; nothing can be guessed from what lies beside it.
class Wall {
 public:
  explicit Wall(uint64_t seed) : values_(kCells * kCells) {
    const auto random = SeededRandom(seed);
    for (float& value : values_) value = RandomFloat(0.1f, 0.9f, *random);
  }
  float At(double x, double y) const {
    const double u = x / kPitch, v = y / kPitch;
    const int i = static_cast<int>(std::floor(u)), j = static_cast<int>(std::floor(v));
    const float fu = Ease(u - i), fv = Ease(v - j);
    const float top = Cell(i, j) + fu * (Cell(i + 1, j) - Cell(i, j));
    const float bottom = Cell(i, j + 1) + fu * (Cell(i + 1, j + 1) - Cell(i, j + 1));
    return top + fv * (bottom - top);
  }

 private:
  static constexpr int kCells = 64;
  static constexpr double kPitch = 5;
  static float Ease(double t) { return static_cast<float>(t * t * (3 - 2 * t)); }
  float Cell(int i, int j) const {
    return values_[static_cast<size_t>((j & (kCells - 1)) * kCells + (i & (kCells - 1)))];
  }
  std::vector<float> values_;
};

// A grey wall behind a red square that moves by itself. The camera may pan along the wall.
struct Film {
  double square_speed = 4;  // pixels a frame
  double pan = 0;
  float wall_d = -3, square_d = 9;
  bool nearer_is_larger = true;
  float exposure_step = 0;  // gain of every other frame
  float grain = 0;          // of the source, new in each frame
  float mixed = 0;          // share of the square in the pixels beside it
  Wall wall = Wall(11);

  // What an eye sees that's `offset` times the displacement away from the source.
  void See(int64_t t, float offset, Image* rgb, Image* displacement) const {
    *rgb = Image(kWidth, kHeight, 3);
    *displacement = Image(kWidth, kHeight, 1);
    const auto random = SeededRandom(static_cast<uint64_t>(t) + 1);
    const float gain = 1 + exposure_step * static_cast<float>(t % 2);
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const double left = 40 + square_speed * static_cast<double>(t) - offset * square_d;
        const bool square = x >= left && x < left + 30 && y >= 30 && y < 66;
        const bool beside = !square && x >= left - 1 && x < left + 31 && y >= 30 && y < 66;
        const float grey = gain * wall.At(x + offset * wall_d + pan * static_cast<double>(t), y);
        for (int c = 0; c < 3; ++c) {
          const float share = square ? 1 : beside ? mixed : 0;
          rgb->Row(c, y)[x] = share * (c == 0 ? 1.0f : 0.0f) + (1 - share) * 0.6f * grey;
          if (grain > 0) rgb->Row(c, y)[x] += RandomFloat(-grain, grain, *random);
        }
        displacement->Row(0, y)[x] = square ? square_d : wall_d;
      }
    }
  }

  InpaintFrame Frame(int64_t t) const {
    InpaintFrame frame{.frame = t, .hand_back = true};
    See(t, 0, &frame.rgb, &frame.displacement);
    Splat(frame.rgb, frame.displacement, nearer_is_larger, &frame.warped);
    frame.warped.frame = t;
    return frame;
  }

  Image Truth(int64_t t) const {
    Image rgb, displacement;
    See(t, 1, &rgb, &displacement);
    return rgb;
  }
};

std::vector<FilledFrame> FillFilm(const Film& film, int64_t begin, int64_t end,
                                  const BackgroundSettings& settings = {}) {
  BackgroundInpainter inpainter(settings);
  std::vector<FilledFrame> done;
  EXPECT_TRUE(inpainter.Begin().ok());
  for (int64_t t = begin; t < end; ++t) {
    const absl::Status status = inpainter.Push(film.Frame(t), &done);
    EXPECT_TRUE(status.ok()) << status;
  }
  EXPECT_TRUE(inpainter.Finish(&done).ok());
  EXPECT_EQ(done.size(), static_cast<size_t>(end - begin));
  return done;
}

struct Errors {
  double mean = 0;
  int holes = 0;
  int red = 0;  // of them, ones with the square's colour
};

// In the columns begin .. end - 1.
Errors InHoles(const FilledFrame& filled, const Image& truth, int begin = 0, int end = kWidth) {
  Errors errors;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = begin; x < end; ++x) {
      if (filled.warped.rgba.Row(3, y)[x] != 0) continue;
      ++errors.holes;
      errors.mean += std::abs(filled.rgb.Row(1, y)[x] - truth.Row(1, y)[x]);
      errors.red += filled.rgb.Row(0, y)[x] > filled.rgb.Row(1, y)[x] + 0.1f;
    }
  }
  errors.mean /= std::max(1, errors.holes);
  return errors;
}

TEST(BackgroundInpainterTest, HoleShowsWhatStandsThereInOtherFrames) {
  const Film film;
  const std::vector<FilledFrame> done = FillFilm(film, 0, 17);
  for (const int t : {2, 8, 14}) {
    const FilledFrame& filled = done[static_cast<size_t>(t)];
    ASSERT_EQ(filled.frame, t);
    const Errors behind = InHoles(filled, film.Truth(t), 8, kWidth - 8);
    EXPECT_GT(behind.holes, 200);
    EXPECT_LT(behind.mean, 0.01) << t;
    EXPECT_EQ(behind.red, 0);
  }
}

TEST(BackgroundInpainterTest, OutlineOfTheForegroundDoesntStayOnTheBackground) {
  Film film;
  film.mixed = 0.4f;
  const FilledFrame filled = std::move(FillFilm(film, 0, 17)[8]);
  Image truth, displacement;
  film.See(8, 1, &truth, &displacement);
  int red = 0;
  for (int y = 30; y < 66; ++y) {
    for (int x = 8; x < kWidth - 8; ++x) {
      // Beside the square itself a mixture is what there is.
      if (displacement.Row(0, y)[x - 3] == film.square_d ||
          displacement.Row(0, y)[x + 3] == film.square_d) {
        continue;
      }
      red += filled.rgb.Row(0, y)[x] > filled.rgb.Row(1, y)[x] + 0.1f;
    }
  }
  EXPECT_LE(red, 4);
}

TEST(BackgroundInpainterTest, ExposureIsEvenedOut) {
  Film film;
  film.exposure_step = 0.25;
  double error[2];
  for (const bool even : {false, true}) {
    const std::vector<FilledFrame> done = FillFilm(film, 0, 17, {.exposure = even});
    error[even] = InHoles(done[8], film.Truth(8), 8, kWidth - 8).mean;
  }
  EXPECT_GT(error[false], 0.02);
  EXPECT_LT(error[true], 0.01);
}

TEST(BackgroundInpainterTest, CameraThatPansShowsWhatLeavesThePictureAtItsSides) {
  Film film;
  film.pan = 2;
  film.square_speed = 1;
  const std::vector<FilledFrame> done = FillFilm(film, 0, 17);
  const Errors side = InHoles(done[8], film.Truth(8), 0, 8);
  EXPECT_GE(side.holes, 3 * kHeight);
  EXPECT_LT(side.mean, 0.02);
  const Errors behind = InHoles(done[8], film.Truth(8), 8, kWidth - 8);
  EXPECT_LT(behind.mean, 0.02);
  EXPECT_EQ(behind.red, 0);
}

TEST(BackgroundInpainterTest, LeftEyeTakesTheSmallerDisplacementForNear) {
  Film film;
  film.wall_d = 3;
  film.square_d = -9;
  film.nearer_is_larger = false;
  const std::vector<FilledFrame> done = FillFilm(film, 0, 17);
  const Errors behind = InHoles(done[8], film.Truth(8), 8, kWidth - 8);
  EXPECT_GT(behind.holes, 200);
  EXPECT_LT(behind.mean, 0.01);
  EXPECT_EQ(behind.red, 0);
}

TEST(BackgroundInpainterTest, WhatNoFrameSawIsFilledFromTheBackgroundBesideIt) {
  Film film;
  film.square_speed = 0;
  const std::vector<FilledFrame> done = FillFilm(film, 0, 9);
  const Errors behind = InHoles(done[4], film.Truth(4), 8, kWidth - 8);
  EXPECT_GT(behind.holes, 200);
  EXPECT_EQ(behind.red, 0);
}

TEST(BackgroundInpainterTest, WhatNoFrameSawHoldsStill) {
  Film film;
  film.square_speed = 0;
  film.grain = 0.1f;
  double change[2] = {};
  for (const bool steady : {false, true}) {
    const std::vector<FilledFrame> done = FillFilm(film, 0, 17, {.steady = steady});
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        if (done[8].warped.rgba.Row(3, y)[x] != 0) continue;
        change[steady] += std::abs(done[8].rgb.Row(1, y)[x] - done[9].rgb.Row(1, y)[x]);
      }
    }
  }
  EXPECT_GT(change[false], 0);
  EXPECT_LT(change[true], 0.3 * change[false]);
}

TEST(BackgroundInpainterTest, FrameDependsOnItsWindowAloneNotOnWhereTheStreamBegan) {
  Film film;
  film.pan = 1.3;
  const std::vector<FilledFrame> whole = FillFilm(film, 0, 24);
  const std::vector<FilledFrame> part = FillFilm(film, 3, 20);
  EXPECT_EQ(part[8].frame, 11);
  ExpectSamePixels(part[8].rgb, whole[11].rgb);
}

TEST(BackgroundInpainterTest, UnwantedFramesHelpButAreNotHandedOut) {
  const Film film;
  BackgroundInpainter inpainter;
  std::vector<FilledFrame> done;
  ASSERT_TRUE(inpainter.Begin().ok());
  for (int64_t t = 0; t < 17; ++t) {
    InpaintFrame frame = film.Frame(t);
    frame.wanted = t == 8;
    ASSERT_TRUE(inpainter.Push(std::move(frame), &done).ok());
  }
  ASSERT_TRUE(inpainter.Finish(&done).ok());
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].frame, 8);
  ExpectSamePixels(done[0].rgb, FillFilm(film, 0, 17)[8].rgb);
}

TEST(BackgroundInpainterTest, StreamBeginsAgainWithoutMemory) {
  const Film film;
  BackgroundInpainter inpainter;
  std::vector<FilledFrame> done;
  for (const int64_t first : {5, 0}) {
    done.clear();
    ASSERT_TRUE(inpainter.Begin().ok());
    for (int64_t t = first; t < first + 3; ++t) {
      ASSERT_TRUE(inpainter.Push(film.Frame(t), &done).ok());
    }
  }
  ASSERT_TRUE(inpainter.Finish(&done).ok());
  ASSERT_EQ(done.size(), 3u);
  ExpectSamePixels(done[1].rgb, FillFilm(film, 0, 3)[1].rgb);
}

TEST(BackgroundInpainterTest, FramesThatDontFitAreRefused) {
  const Film film;
  BackgroundInpainter inpainter;
  std::vector<FilledFrame> done;
  ASSERT_TRUE(inpainter.Push(film.Frame(0), &done).ok());
  EXPECT_EQ(inpainter.Push(film.Frame(2), &done).code(), absl::StatusCode::kInvalidArgument);
  InpaintFrame colourless = film.Frame(1);
  colourless.rgb = Image();
  EXPECT_EQ(inpainter.Push(std::move(colourless), &done).code(),
            absl::StatusCode::kInvalidArgument);
  InpaintFrame small = film.Frame(1);
  small.displacement = Image(8, 8, 1);
  EXPECT_EQ(inpainter.Push(std::move(small), &done).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(inpainter.Push(film.Frame(1), &done).ok());
}

// Mean deviation of what both eyes see from the truth without grain, away from the square's way.
double GrainLeft(const Film& film, bool mean) {
  Film clean = film;
  clean.grain = 0;
  const std::vector<FilledFrame> done = FillFilm(film, 0, 17, {.mean = mean});
  const Image truth = clean.Truth(8);
  double sum = 0;
  for (int y = 4; y < 26; ++y) {
    for (int x = 16; x < kWidth - 16; ++x) {
      sum += std::abs(done[8].rgb.Row(1, y)[x] - truth.Row(1, y)[x]);
    }
  }
  return sum / (22 * (kWidth - 32));
}

TEST(BackgroundInpainterTest, MeanTakesGrainFromWhatBothEyesSeeWhenAskedTo) {
  Film film;
  film.grain = 0.06f;
  EXPECT_LT(GrainLeft(film, true), 0.7 * GrainLeft(film, false));
  film.pan = 1.5;
  EXPECT_LT(GrainLeft(film, true), 0.7 * GrainLeft(film, false));
}

TEST(BackgroundInpainterTest, KnownPixelsAreLeftAloneUnlessTheMeanIsAskedFor) {
  const Film film;
  const std::vector<FilledFrame> plain = FillFilm(film, 0, 17);
  const std::vector<FilledFrame> mean = FillFilm(film, 0, 17, {.mean = true});
  for (int y = 28; y < 68; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      if (plain[8].warped.rgba.Row(3, y)[x] == 0) continue;
      // The square moves by itself: the mean doesn't smear it.
      EXPECT_NEAR(mean[8].rgb.Row(0, y)[x], plain[8].rgb.Row(0, y)[x], 0.1) << x << ", " << y;
    }
  }
}

TEST(HalfEyeTest, HalvesAndHolesComeBackAsTheyWere) {
  const auto random = SeededRandom(3);
  WarpedFrame eye{.frame = 7,
                  .rgba = RandomImage(37, 5, 4, -9, 9, *random),
                  .displacement = RandomImage(37, 5, 1, -9, 9, *random),
                  .nearer_is_larger = false};
  QuantizeToHalf(eye.rgba);
  QuantizeToHalf(eye.displacement);
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 37; ++x) {
      const bool hole = (x + y) % 3 == 0;
      eye.rgba.Row(3, y)[x] = hole ? 0 : 1;
      if (hole) eye.displacement.Row(0, y)[x] = 0;
    }
  }
  const WarpedFrame back = HalfEye(eye).ToFrame();
  EXPECT_EQ(back.frame, 7);
  EXPECT_FALSE(back.nearer_is_larger);
  ExpectSamePixels(back.rgba, eye.rgba);
  ExpectSamePixels(back.displacement, eye.displacement);
}

TEST(HoleColoursTest, OnlyHolesOfTheSameSurfaceAreRead) {
  WarpedFrame frame{.rgba = Image(8, 4, 4), .displacement = Image(8, 4, 1)};
  frame.rgba.Fill(1);
  frame.displacement.Fill(2);
  for (const int x : {3, 4}) {
    frame.rgba.Row(3, 1)[x] = 0;
    for (int c = 0; c < 3; ++c) frame.rgba.Row(c, 1)[x] = x == 3 ? 0.25f : 0.5f;
  }
  frame.displacement.Row(0, 1)[4] = 6;
  Image variance(8, 4, 1);
  variance.Fill(0.125f);
  const HoleColours colours(frame, variance);
  EXPECT_FALSE(colours.At(2, 1));
  ASSERT_TRUE(colours.At(3, 1));
  EXPECT_EQ(colours.At(3, 1)->rgb[0], 0.25f);
  EXPECT_EQ(colours.At(3, 1)->variance, 0.125f);
  float found[3];
  ASSERT_TRUE(colours.Sample(3.25f, 1, 2, 1, found));
  EXPECT_EQ(found[1], 0.25f);
  ASSERT_TRUE(colours.Sample(3.25f, 1, 4, 3, found));
  EXPECT_FLOAT_EQ(found[2], 0.3125f);
  EXPECT_FALSE(colours.Sample(3.25f, 1, 9, 1, found));
  EXPECT_FALSE(colours.Sample(1.5f, 1, 2, 1, found));
  EXPECT_FALSE(colours.Sample(3, 3.5f, 2, 1, found));
  EXPECT_FALSE(colours.Sample(std::nanf(""), 1, 2, 1, found));
}

TEST(BackgroundInpainterTest, DisplacementThatIsNoNumberDoesNoHarm) {
  const Film film;
  BackgroundInpainter inpainter;
  std::vector<FilledFrame> done;
  for (int64_t t = 0; t < 4; ++t) {
    InpaintFrame frame = film.Frame(t);
    std::fill_n(frame.displacement.Row(0, 20), 30, std::nanf(""));
    Splat(frame.rgb, frame.displacement, true, &frame.warped);
    ASSERT_TRUE(inpainter.Push(std::move(frame), &done).ok());
  }
  ASSERT_TRUE(inpainter.Finish(&done).ok());
  for (int x = 0; x < kWidth; ++x) EXPECT_TRUE(std::isfinite(done[1].rgb.Row(0, 20)[x]));
}

}  // namespace
}  // namespace stereofarm
