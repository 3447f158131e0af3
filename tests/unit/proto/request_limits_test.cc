#include "proto/request_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "proto/conversions.h"
#include "proto/farm.pb.h"
#include "proto/files.pb.h"
#include "proto/jobs.pb.h"

namespace stereofarm {
namespace {

using testing::HasSubstr;

v1::AttemptId Attempt() {
  v1::AttemptId attempt;
  attempt.set_worker("0a1b2c3d4e5f6071");
  attempt.set_job("a1b2c3d4");
  attempt.set_task("depth/000120-000216");
  attempt.set_epoch(3);
  attempt.set_lease_id("9f8e7d6c");
  return attempt;
}

// True: refused as InvalidArgument, with a sentence that names the field.
bool Refused(const google::protobuf::Message& message, const std::string& field) {
  const absl::Status status = CheckRequest(message);
  return absl::IsInvalidArgument(status) &&
         std::string(status.message()).find(field) != std::string::npos;
}

TEST(RequestLimitsTest, WhatAFarmSaysGoesThrough) {
  JobSettings settings;
  settings.input = "/films/in.mov";
  settings.outputs = {{Layout::kSbs, "/films/\xff.mkv"}};
  settings.perturb_depth_seed = std::numeric_limits<uint64_t>::max();
  v1::SubmitRequest submit;
  *submit.mutable_settings() = ToProto(settings);
  submit.set_priority(-1000);
  EXPECT_TRUE(CheckRequest(submit).ok()) << CheckRequest(submit);
  v1::CompleteRequest complete;
  *complete.mutable_attempt() = Attempt();
  for (int i = 0; i < 100'000; ++i) {
    v1::ManifestFile* file = complete.mutable_manifest()->add_files();
    file->set_name("depth.000000.exr");
    file->set_size(int64_t{1} << 45);
    file->set_sha256(std::string(64, 'a'));
  }
  complete.set_seconds(12.5);
  EXPECT_TRUE(CheckRequest(complete).ok()) << CheckRequest(complete);
  v1::FailRequest fail;
  *fail.mutable_attempt() = Attempt();
  fail.set_message(std::string("what FFmpeg said\0\xff", 18));
  EXPECT_TRUE(CheckRequest(fail).ok()) << CheckRequest(fail);
  v1::DrainRequest drain;
  drain.set_worker("node-7.rack_2:4711");
  EXPECT_TRUE(CheckRequest(drain).ok()) << CheckRequest(drain);
}

TEST(RequestLimitsTest, TextsHaveAnEnd) {
  v1::RegisterRequest request;
  request.set_name(std::string(257, 'x'));
  EXPECT_TRUE(Refused(request, "RegisterRequest.name"));
  v1::FailRequest fail;
  fail.set_message(std::string(100'000, 'x'));
  EXPECT_TRUE(Refused(fail, "FailRequest.message"));
  v1::SubmitRequest submit;
  submit.mutable_settings()->set_input(std::string(5000, '/'));
  EXPECT_TRUE(Refused(submit, "JobSettings.input"));
  submit.mutable_settings()->set_input(std::string("/films/in.mov\0", 14));
  EXPECT_TRUE(Refused(submit, "byte 0"));
  submit.mutable_settings()->clear_input();
  (*submit.mutable_settings()->mutable_encoder_options())[std::string(300, 'k')] = "v";
  EXPECT_TRUE(Refused(submit, "EncoderOptionsEntry.key"));
}

TEST(RequestLimitsTest, EveryKindOfMessageHasItsLargestSize) {
  v1::LeaseRequest lease;
  lease.GetReflection()->MutableUnknownFields(&lease)->AddLengthDelimited(
      1000, std::string(2 << 20, 'x'));
  const absl::Status refused = CheckRequest(lease);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("LeaseRequest"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("at most 1048576 go"));
  // The largest report that a farm has use for.
  v1::CompleteRequest report;
  for (int i = 0; i < 300'000; ++i) {
    v1::ManifestFile* file = report.mutable_manifest()->add_files();
    file->set_name("displacement.000123.exr");
    file->set_size(100'000'000);
    file->set_sha256(std::string(64, '0'));
  }
  EXPECT_TRUE(CheckRequest(report).ok()) << CheckRequest(report);
  EXPECT_LE(static_cast<int64_t>(report.ByteSizeLong()), MostBytesOfAnyRequest());
  v1::WriteRequest piece;
  piece.set_data(std::string(1 << 20, 'x'));
  EXPECT_TRUE(CheckRequest(piece).ok()) << CheckRequest(piece);
}

TEST(RequestLimitsTest, ListsHaveAnEnd) {
  v1::RegisterRequest request;
  for (int i = 0; i < 65; ++i) request.add_tags("t");
  EXPECT_TRUE(Refused(request, "RegisterRequest.tags"));
  v1::SubmitRequest submit;
  for (int i = 0; i < 65; ++i) submit.mutable_settings()->add_outputs()->set_file("/x");
  EXPECT_TRUE(Refused(submit, "JobSettings.outputs"));
  v1::CompleteRequest complete;
  for (int i = 0; i < 300'001; ++i) complete.mutable_manifest()->add_files();
  EXPECT_TRUE(Refused(complete, "Manifest.files"));
}

TEST(RequestLimitsTest, NumbersAreFiniteAndInRange) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  for (const int64_t value : {kLeast, kMost, int64_t{-1}, (int64_t{1} << 40) + 1}) {
    v1::LeaseRequest lease;
    lease.set_wait_micros(value);  // shortened, not refused
    EXPECT_TRUE(CheckRequest(lease).ok()) << value;
    v1::RenewRequest renew;
    renew.set_frames_done(value);
    EXPECT_TRUE(Refused(renew, "frames_done")) << value;
    v1::HandBackRequest back;
    back.mutable_attempt()->set_epoch(value);
    EXPECT_TRUE(Refused(back, "epoch")) << value;
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double value : {std::nan(""), kInfinity, -kInfinity, 1e300}) {
    v1::CompleteRequest complete;
    complete.set_seconds(value);
    EXPECT_TRUE(Refused(complete, "seconds")) << value;
    v1::SubmitRequest submit;
    submit.mutable_settings()->mutable_rig()->set_fx_px(value);
    EXPECT_TRUE(Refused(submit, "fx_px")) << value;
  }
}

TEST(RequestLimitsTest, IdsAreNoPaths) {
  for (const std::string id : {"..", "../x", "/etc", "a/b/c", "a//b", "a/", "a b", "a\nb", "x\\y",
                               "\xc3\xa4", "a/..", "*", "'", "a\tb", "..a"}) {
    v1::CancelRequest cancel;
    cancel.set_job(id);
    EXPECT_TRUE(Refused(cancel, "job")) << id;
    v1::HandBackRequest back;
    *back.mutable_attempt() = Attempt();
    back.mutable_attempt()->set_lease_id(id);
    EXPECT_TRUE(Refused(back, "lease_id")) << id;
    v1::FailRequest fail;
    fail.set_damaged_task(id);
    EXPECT_TRUE(Refused(fail, "damaged_task")) << id;
  }
}

TEST(RequestLimitsTest, ManifestsNameFilesOfTheirOwnFolder) {
  for (const std::string& name :
       {std::string("../x"), std::string("/etc/passwd"), std::string(""), std::string("."),
        std::string(".."), std::string("a/b"), std::string("a\0b", 3), std::string(256, 'a'),
        std::string("committed.pb")}) {
    v1::Manifest manifest;
    v1::ManifestFile* file = manifest.add_files();
    file->set_name(name);
    file->set_sha256(std::string(64, 'a'));
    EXPECT_TRUE(absl::IsInvalidArgument(FromProto(manifest).status())) << name;
  }
}

}  // namespace
}  // namespace stereofarm
