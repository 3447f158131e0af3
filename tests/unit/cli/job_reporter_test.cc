#include "coordinator/cli/job_reporter.h"

#include "coordinator/cli/job_json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace stereofarm {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

constexpr int64_t kSecond = 1'000'000;

v1::JobStatus Status(int64_t depth_done, int64_t depth_total = 100) {
  v1::JobStatus status;
  status.set_job("j1");
  status.set_state("running");
  v1::StageProgress* stage = status.add_stages();
  stage->set_stage("depth");
  stage->set_frames_done(depth_done);
  stage->set_frames_total(depth_total);
  stage->set_tasks_running(1);
  return status;
}

v1::JobStatus DoneStatus() {
  v1::JobStatus status = Status(100);
  status.set_state("done");
  status.set_frames(100);
  status.set_seconds(20);
  status.mutable_tasks()->set_run(7);
  status.mutable_tasks()->set_reused(3);
  v1::OutputSpec* output = status.mutable_settings()->add_outputs();
  output->set_file("/films/out.mkv");
  output->set_layout("half-sbs");
  status.add_remarks("track 3 was left out");
  v1::SeamStatus* seam = status.add_seams();
  seam->set_frame(96);
  seam->set_residual_percent_of_width(0.02);
  seam = status.add_seams();
  seam->set_frame(192);
  seam->set_residual_percent_of_width(0.05);
  return status;
}

// What a reporter prints while `action` runs.
template <typename Action>
std::string Printed(ReportMode mode, const Action& action) {
  testing::internal::CaptureStdout();
  action(NewJobReporter(mode).get());
  return testing::internal::GetCapturedStdout();
}

int Lines(const std::string& text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

TEST(JobReporterTest, PeopleAreToldWhatAJobNeedsOnTheDisks) {
  v1::SubmitReply reply;
  reply.set_store_bytes(3'100'000'000);
  reply.set_output_bytes(440'000'000);
  const auto begin = [&](JobReporter* reporter) { reporter->Begun(reply); };
  for (const ReportMode mode : {ReportMode::kLines, ReportMode::kBars}) {
    EXPECT_THAT(Printed(mode, begin), AllOf(HasSubstr("3.1 GB"), HasSubstr("440 MB")));
  }
  // Whoever reads the lines expects a stage in each.
  EXPECT_EQ(Printed(ReportMode::kJson, begin), "");
  EXPECT_EQ(Printed(ReportMode::kQuiet, begin), "");
}

TEST(JobReporterTest, LinesComeEveryTenthOrEveryFiveSeconds) {
  const std::string text = Printed(ReportMode::kLines, [](JobReporter* reporter) {
    reporter->Update(Status(1), 0);
    reporter->Update(Status(5), 1 * kSecond);   // too little, too early
    reporter->Update(Status(11), 2 * kSecond);  // a tenth more
    reporter->Update(Status(12), 4 * kSecond);
    reporter->Update(Status(13), 8 * kSecond);   // five seconds later
    reporter->Update(Status(13), 60 * kSecond);  // nothing new
    reporter->Update(Status(100), 61 * kSecond);
  });
  EXPECT_EQ(Lines(text), 4) << text;
  EXPECT_THAT(text, HasSubstr("depth 11 of 100 frames (11 %)"));
  EXPECT_THAT(text, HasSubstr("depth 100 of 100 frames (100 %)"));
}

TEST(JobReporterTest, JsonIsOneObjectALineAndTheLastTellsTheOutcome) {
  const std::string text = Printed(ReportMode::kJson, [](JobReporter* reporter) {
    reporter->Update(Status(10), 0);
    reporter->Update(Status(10), kSecond);
    reporter->Update(Status(30), 2 * kSecond);
    reporter->Done(DoneStatus(), 3 * kSecond);
  });
  ASSERT_EQ(Lines(text), 3) << text;
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(json::parse(line)["stage"], "depth");
  std::getline(lines, line);
  EXPECT_EQ(json::parse(line)["done"], 30);
  EXPECT_EQ(json::parse(line)["total"], 100);
  EXPECT_DOUBLE_EQ(json::parse(line)["fps"], 10.0);
  std::getline(lines, line);
  const json last = json::parse(line);
  EXPECT_EQ(last["frames"], 100);
  EXPECT_EQ(last["seconds"], 20);
  EXPECT_EQ(last["tasks_run"], 7);
  EXPECT_EQ(last["tasks_reused"], 3);
  EXPECT_EQ(last["output"], "/films/out.mkv");
}

TEST(JobReporterTest, QuietSaysNothing) {
  EXPECT_EQ(Printed(ReportMode::kQuiet,
                    [](JobReporter* reporter) {
                      reporter->Update(Status(10), 0);
                      reporter->Done(DoneStatus(), 3 * kSecond);
                      reporter->AlreadyDone("/films/out.mkv");
                    }),
            "");
}

TEST(JobReporterTest, TheSummaryHasFilmTimeRemarksAndTheWorstSeam) {
  const std::vector<std::string> lines = SummaryLines(DoneStatus());
  EXPECT_THAT(lines, Contains("/films/out.mkv: side by side, half width"));
  EXPECT_THAT(lines, Contains(HasSubstr("100 frames in 0:20, 5.0 fps")));
  EXPECT_THAT(lines, Contains(HasSubstr("3 of 10 tasks were done before")));
  EXPECT_THAT(lines, Contains("remark: track 3 was left out"));
  EXPECT_THAT(lines, Contains("worst seam: 0.050 % of the width, at frame 192"));
  EXPECT_THAT(lines, Contains(HasSubstr("stereo3d=sbs2l:arcd '/films/out.mkv'")));
}

TEST(JobJsonTest, StatusHasStateShotsSeamsAndTasks) {
  v1::JobStatus status = DoneStatus();
  v1::ShotStatus* shot = status.add_shots();
  shot->set_begin(0);
  shot->set_end(100);
  const json parsed = json::parse(StatusJson(status));
  EXPECT_EQ(parsed["state"], "done");
  EXPECT_EQ(parsed["shots"][0]["end"], 100);
  EXPECT_EQ(parsed["seams"][1]["frame"], 192);
  EXPECT_EQ(parsed["seams"][1]["shot"], 0);
  EXPECT_DOUBLE_EQ(parsed["seams"][1]["residual_percent_of_width"], 0.05);
  EXPECT_EQ(parsed["tasks"]["run"], 7);
}

TEST(JobJsonTest, FileNamesThatAreNoUtf8StayValidJson) {
  v1::JobStatus status;
  // Protobuf's own check only warns; what matters is that a reader can parse the line.
  status.mutable_settings()->set_input("/films/caf\xe9.mov");
  EXPECT_TRUE(json::accept(StatusJson(status)));
}

TEST(JobReporterTest, WhatHoldsAJobIsSaidOnceAndNotAtOnce) {
  v1::JobStatus held = Status(10);
  held.set_hold("the disk of /store is full");
  const std::string text = Printed(ReportMode::kLines, [&](JobReporter* reporter) {
    reporter->Update(held, 1'000'000);
    reporter->Update(held, 2'000'000);
    reporter->Update(held, 3'000'000);
    reporter->Update(held, 4'000'000);
  });
  EXPECT_EQ(Lines(text), 2) << text;
  EXPECT_NE(text.find("waiting: the disk of /store is full\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace stereofarm
