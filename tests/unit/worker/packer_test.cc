#include "worker/stages/packer.h"

#include <gtest/gtest.h>

#include "tests/unit/worker/tiny_farm.h"

namespace stereofarm {
namespace {

// A frame with all that any layout needs; the synthesised eye is plain gray.
FilmFrame FrameOf(const TinyFilm& film, Eye synthesize) {
  FilmFrame frame;
  frame.picture = TinyPicture(film, 0);
  ColorConverter converter{ColorInfo()};
  frame.rgb = *converter.ToRgb(frame.picture, film.width, film.height);
  frame.depth = Image(film.width, film.height, 1);
  frame.depth.Fill(0.75f);
  for (SynthesizedEye which : EyesToMake(synthesize)) {
    EyeFrame& eye = frame.eye(which);
    eye.filled = Image(film.width, film.height, 3);
    eye.filled.Fill(0.5f);
    eye.warped.rgba = Image(film.width, film.height, 4);
    eye.warped.rgba.Fill(1);
    eye.warped.displacement = Image(film.width, film.height, 1);
  }
  return frame;
}

struct Packed {
  PackPlan plan;
  Picture picture;
};

Packed PackOne(Layout layout, const TinyFilm& film, JobSettings settings = {}) {
  if (settings.codec == "libx264") {
    settings.codec = "ffv1";
    settings.crf.reset();
    settings.encoder_options.clear();
  }
  VideoInfo source;
  source.width = film.width;
  source.height = film.height;
  source.pixel_format = film.pixel_format;
  const absl::StatusOr<PackPlan> plan = PlanPacking(layout, settings, source);
  EXPECT_TRUE(plan.ok()) << plan.status();
  if (!plan.ok()) return {};
  Packer packer(*plan, source.color);
  const absl::StatusOr<Picture> picture = packer.Pack(FrameOf(film, settings.synthesize));
  EXPECT_TRUE(picture.ok()) << picture.status();
  if (!picture.ok()) return {};
  EXPECT_EQ(picture->width(), plan->video.width);
  EXPECT_EQ(picture->height(), plan->video.height);
  EXPECT_EQ(picture->pixel_format(), plan->encoder.pixel_format);
  return {*plan, *picture};
}

// Whether every sample of the first plane is `value`, give or take one.
bool IsPlain(const Picture& picture, int value) {
  const Picture::PlaneView luma = picture.plane(0);
  for (int y = 0; y < luma.height; ++y) {
    for (int x = 0; x < luma.width; ++x) {
      if (std::abs(luma.data[luma.stride * y + x] - value) > 1) return false;
    }
  }
  return true;
}

// 16 + 219 / 2.
constexpr int kMidGray = 126;

TEST(PackerTest, SideBySideHasTheSourceOnItsOwnSide) {
  const TinyFilm film;
  Packed packed = PackOne(Layout::kSbs, film);
  EXPECT_EQ(packed.plan.video.packing, StereoPacking::kSideBySide);
  EXPECT_TRUE(SamePixels(Part(packed.picture, 0, 0, 48, 32), TinyPicture(film, 0)));
  EXPECT_TRUE(IsPlain(Part(packed.picture, 48, 0, 48, 32), kMidGray));

  JobSettings settings;
  settings.synthesize = Eye::kLeft;
  packed = PackOne(Layout::kSbs, film, settings);
  EXPECT_TRUE(SamePixels(Part(packed.picture, 48, 0, 48, 32), TinyPicture(film, 0)));
  EXPECT_TRUE(IsPlain(Part(packed.picture, 0, 0, 48, 32), kMidGray));
}

TEST(PackerTest, TopAndBottomHasTheLeftEyeOnTop) {
  const TinyFilm film;
  const Packed packed = PackOne(Layout::kTab, film);
  EXPECT_EQ(packed.plan.video.packing, StereoPacking::kTopBottom);
  EXPECT_TRUE(SamePixels(Part(packed.picture, 0, 0, 48, 32), TinyPicture(film, 0)));
  EXPECT_TRUE(IsPlain(Part(packed.picture, 0, 32, 48, 32), kMidGray));
}

TEST(PackerTest, OneEyeIsThePictureItself) {
  const TinyFilm film;
  EXPECT_TRUE(SamePixels(PackOne(Layout::kLeft, film).picture, TinyPicture(film, 0)));
  EXPECT_TRUE(IsPlain(PackOne(Layout::kRight, film).picture, kMidGray));
}

TEST(PackerTest, BothEyesMadeLeaveNeitherTheSource) {
  JobSettings settings;
  settings.synthesize = Eye::kBoth;
  EXPECT_TRUE(IsPlain(PackOne(Layout::kSbs, TinyFilm(), settings).picture, kMidGray));
}

TEST(PackerTest, HalfLayoutsKeepThePicturesSize) {
  const Packed sbs = PackOne(Layout::kHalfSbs, TinyFilm());
  EXPECT_EQ(sbs.plan.eye, (ImageSize{24, 32}));
  EXPECT_EQ(sbs.plan.video.sample_aspect_ratio, (Rational{2, 1}));
  EXPECT_TRUE(IsPlain(Part(sbs.picture, 24, 0, 24, 32), kMidGray));
  const Packed tab = PackOne(Layout::kHalfTab, TinyFilm());
  EXPECT_EQ(tab.plan.eye, (ImageSize{48, 16}));
  EXPECT_EQ(tab.plan.video.sample_aspect_ratio, (Rational{1, 2}));
  EXPECT_TRUE(IsPlain(Part(tab.picture, 0, 16, 48, 16), kMidGray));
}

TEST(PackerTest, OddEyesArePackedWithFullChroma) {
  const TinyFilm film{.width = 51, .height = 33};
  for (Layout layout : {Layout::kSbs, Layout::kTab, Layout::kGrid}) {
    const Packed packed = PackOne(layout, film);
    EXPECT_EQ(packed.plan.encoder.pixel_format, "yuv444p") << LayoutName(layout);
    EXPECT_NE(packed.plan.remark.find("yuv444p"), std::string::npos);
  }
  // The luma of the source is still its own.
  const Packed sbs = PackOne(Layout::kSbs, film);
  const Picture source = TinyPicture(film, 0);
  for (int y = 0; y < 33; ++y) {
    EXPECT_EQ(0, memcmp(sbs.picture.plane(0).data + sbs.picture.plane(0).stride * y,
                        source.plane(0).data + source.plane(0).stride * y, 51));
  }
  // FFV1 takes an odd picture as it is where no eye begins inside of it.
  EXPECT_EQ(PackOne(Layout::kLeft, film).plan.encoder.pixel_format, "yuv420p");
  EXPECT_EQ(PackOne(Layout::kSbs, {.width = 48, .height = 33}).plan.encoder.pixel_format,
            "yuv420p");
}

TEST(PackerTest, AnOddPictureOfATenBitFilmKeepsItsBits) {
  const TinyFilm film{.width = 51, .height = 32, .pixel_format = "yuv422p10le"};
  EXPECT_EQ(PackOne(Layout::kSbs, film).plan.encoder.pixel_format, "yuv444p10le");
  EXPECT_EQ(PackOne(Layout::kTab, film).plan.encoder.pixel_format, "yuv422p10le");
}

TEST(PackerTest, DepthHasSixteenBitsWhereTheCodecDoes) {
  EXPECT_EQ(PackOne(Layout::kDepth, TinyFilm()).plan.encoder.pixel_format, "gray16le");
  JobSettings settings;
  settings.codec = "libx265";
  EXPECT_EQ(PackOne(Layout::kDepth, TinyFilm(), settings).plan.encoder.pixel_format, "yuv420p");
}

TEST(PackerTest, TheUsersFormatIsKept) {
  JobSettings settings;
  settings.pixel_format = "yuv422p";
  const Packed packed = PackOne(Layout::kSbs, TinyFilm(), settings);
  EXPECT_EQ(packed.plan.encoder.pixel_format, "yuv422p");
  EXPECT_EQ(PackOne(Layout::kDepth, TinyFilm(), settings).plan.encoder.pixel_format, "yuv422p");
}

TEST(PackerTest, AnaglyphHasFullChroma) {
  EXPECT_EQ(PackOne(Layout::kAnaglyph, TinyFilm()).plan.encoder.pixel_format, "yuv444p");
}

TEST(PackerTest, TheGridShowsSourceDepthMaskAndEye) {
  const TinyFilm film;
  const Packed packed = PackOne(Layout::kGrid, film);
  EXPECT_TRUE(SamePixels(Part(packed.picture, 0, 0, 48, 32), TinyPicture(film, 0)));
  EXPECT_TRUE(IsPlain(Part(packed.picture, 48, 0, 48, 32), 180));  // 16 + 219 * 0.75
  EXPECT_TRUE(IsPlain(Part(packed.picture, 0, 32, 48, 32), 235));
  EXPECT_TRUE(IsPlain(Part(packed.picture, 48, 32, 48, 32), 235));
}

TEST(PackerTest, LayoutsAskForWhatTheyShow) {
  EXPECT_FALSE(WantsOf({{Layout::kSbs, ""}}, {}).rgb);
  EXPECT_TRUE(WantsOf({{Layout::kAnaglyph, ""}}, {}).rgb);
  EXPECT_FALSE(WantsOf({{Layout::kDepth, ""}}, {}).filled);
  EXPECT_TRUE(WantsOf({{Layout::kDepth, ""}, {Layout::kTab, ""}}, {}).filled);
  EXPECT_TRUE(WantsOf({{Layout::kGrid, ""}}, {}).warped);
}

}  // namespace
}  // namespace stereofarm
