#include "coordinator/assembly/place_export.h"

#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

bool GoOn(double) { return true; }

// Three frames of an export, from frame 20 on.
class PlaceExportTest : public ::testing::Test {
 protected:
  PlaceExportTest() {
    order_.job = "job";
    order_.range = {20, 23};
    order_.fingerprint = "fingerprint";
    order_.settings.exports = {{ExportFormat::kPng16, (folder_ / "depth").string()}};
    order_.exports.resize(1);
    for (int i = 0; i < 3; ++i) {
      const fs::path file = folder_ / absl::StrFormat("part%d", i);
      EXPECT_TRUE(WriteFileAtomically(file, absl::StrFormat("frame %d", i)).ok());
      order_.exports[0].push_back(file);
    }
  }
  absl::Status Place() { return PlaceExport(order_, 0, GoOn); }
  fs::path place() const { return folder_ / "depth"; }
  bool NoLeftOvers() const {
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      if (entry.path().filename().string().starts_with(".")) return false;
    }
    return true;
  }

  TempFolder folder_;
  FilmOrder order_;
};

TEST_F(PlaceExportTest, TheFolderAppearsWholeUnderTheFramesNames) {
  ASSERT_TRUE(Place().ok());
  EXPECT_EQ(ReadFile(place() / "depth.000020.png").value(), "frame 0");
  EXPECT_EQ(ReadFile(place() / "depth.000022.png").value(), "frame 2");
  EXPECT_EQ(ExportFingerprint(place()), "fingerprint");
  EXPECT_TRUE(NoLeftOvers());
}

TEST_F(PlaceExportTest, AnEmptyFolderIsTaken) {
  ASSERT_TRUE(MakeDirectories(place()).ok());
  EXPECT_TRUE(Place().ok());
  EXPECT_TRUE(fs::exists(place() / kExportNote));
  EXPECT_TRUE(NoLeftOvers());
}

TEST_F(PlaceExportTest, SomebodysFolderIsNeverReplaced) {
  ASSERT_TRUE(MakeDirectories(place()).ok());
  ASSERT_TRUE(WriteFileAtomically(place() / "mine", "mine").ok());
  for (const bool replace : {false, true}) {
    order_.replace = replace;
    EXPECT_EQ(Place().code(), absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(ReadFile(place() / "mine").value(), "mine");
  }
  EXPECT_TRUE(NoLeftOvers());
}

TEST_F(PlaceExportTest, AnEarlierExportIsReplacedOnlyWhenAsked) {
  ASSERT_TRUE(Place().ok());
  const auto written = fs::last_write_time(place() / "depth.000020.png");
  ASSERT_TRUE(Place().ok());  // this very job's: left alone
  EXPECT_EQ(fs::last_write_time(place() / "depth.000020.png"), written);
  order_.fingerprint = "other";
  EXPECT_EQ(Place().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ExportFingerprint(place()), "fingerprint");
  order_.replace = true;
  order_.range = {30, 33};
  ASSERT_TRUE(Place().ok());
  EXPECT_EQ(ExportFingerprint(place()), "other");
  EXPECT_FALSE(fs::exists(place() / "depth.000020.png"));
  EXPECT_TRUE(NoLeftOvers());
}

TEST_F(PlaceExportTest, AnEarlierExportWithFilesOfSomebodysIsKept) {
  ASSERT_TRUE(Place().ok());
  ASSERT_TRUE(WriteFileAtomically(place() / "notes.txt", "mine").ok());
  order_.fingerprint = "other";
  order_.replace = true;
  EXPECT_EQ(Place().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReadFile(place() / "notes.txt").value(), "mine");
}

TEST_F(PlaceExportTest, WhatIsStoppedOrLacksAFileLeavesNothing) {
  EXPECT_EQ(PlaceExport(order_, 0, [](double) { return false; }).code(),
            absl::StatusCode::kCancelled);
  EXPECT_FALSE(fs::exists(place()));
  fs::remove(order_.exports[0][1]);
  EXPECT_FALSE(Place().ok());
  EXPECT_FALSE(fs::exists(place()));
  EXPECT_TRUE(NoLeftOvers());
}

TEST_F(PlaceExportTest, ANoteOfSomethingElseIsNone) {
  ASSERT_TRUE(MakeDirectories(place()).ok());
  for (const char* note : {"", "[]", "{\"fingerprint\": 7}", "{broken"}) {
    ASSERT_TRUE(WriteFileAtomically(place() / kExportNote, note).ok());
    EXPECT_EQ(ExportFingerprint(place()), "") << note;
  }
}

}  // namespace
}  // namespace stereofarm
