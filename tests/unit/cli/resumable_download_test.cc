#include "coordinator/cli/resumable_download.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/base/file_system.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/cli/weight_server.h"

namespace stereofarm {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// Content of 50,000 bytes that is nowhere like itself.
std::string SomeContent() {
  std::string content;
  for (int i = 0; content.size() < 50'000; ++i) content += std::to_string(i) + " ";
  content.resize(50'000);
  return content;
}

class ResumableDownloadTest : public ::testing::Test {
 protected:
  ResumableDownloadTest() {
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    unsetenv("all_proxy");
    answer_.content = SomeContent();
    request_ = {server_.url(), folder_ / "weights.part", 50'000, {}};
  }
  absl::Status Fetch() {
    server_.Give(answer_);
    return Download(request_);
  }
  // What lies in the part.
  std::string Part() { return ReadFile(request_.part).value_or(""); }
  // A download that broke off after 20,000 bytes.
  void BreakOff() {
    answer_.break_at = 20'000;
    const absl::Status status = Fetch();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("run it again to go on"));
    EXPECT_EQ(Part(), SomeContent().substr(0, 20'000));
    answer_.break_at.reset();
  }
  // It ends with the whole content, the last request having been for `range`.
  void ExpectDone(const std::string& range) {
    const absl::Status status = Fetch();
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(Part(), answer_.content);
    EXPECT_EQ(server_.requests().back().range, range);
  }

  TempFolder folder_;
  WeightServer server_;
  WeightServer::Answer answer_;
  DownloadRequest request_;
};

TEST_F(ResumableDownloadTest, BringsAFile) {
  int64_t last = 0;
  request_.progress = [&](int64_t done, int64_t total) {
    EXPECT_GT(done, last);
    EXPECT_EQ(total, 50'000);
    last = done;
  };
  ExpectDone("");
  EXPECT_EQ(last, 50'000);
  DropDownload(request_.part);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(ResumableDownloadTest, OfUnknownLength) {
  request_.bytes = 0;
  ExpectDone("");
}

TEST_F(ResumableDownloadTest, GoesOnWhereItBrokeOff) {
  BreakOff();
  ExpectDone("bytes=20000-");
  EXPECT_EQ(server_.requests().back().if_range, "\"1\"");
}

TEST_F(ResumableDownloadTest, GoesOnByDateWhereThereIsNoStrongEtag) {
  answer_.etag = "W/\"1\"";
  answer_.last_modified = "Wed, 21 Oct 2015 07:28:00 GMT";
  BreakOff();
  ExpectDone("bytes=20000-");
  EXPECT_EQ(server_.requests().back().if_range, "Wed, 21 Oct 2015 07:28:00 GMT");
}

TEST_F(ResumableDownloadTest, BeginsAgainWhenTheFileHasChanged) {
  BreakOff();
  answer_.etag = "\"2\"";
  std::reverse(answer_.content.begin(), answer_.content.end());
  ExpectDone("bytes=20000-");
}

TEST_F(ResumableDownloadTest, BeginsAgainWhereNothingTellsWhetherItHasChanged) {
  answer_.etag = "";
  BreakOff();
  ExpectDone("");
}

TEST_F(ResumableDownloadTest, BeginsAgainFromAnotherAddress) {
  BreakOff();
  request_.url = server_.base() + "/moved";
  ExpectDone("");
}

TEST_F(ResumableDownloadTest, BeginsAgainWithServersThatGiveNoParts) {
  BreakOff();
  answer_.ranges = false;
  ExpectDone("bytes=20000-");
}

TEST_F(ResumableDownloadTest, BeginsAgainWithWhatIsTooLong) {
  BreakOff();
  ASSERT_TRUE(WriteFileAtomically(request_.part, std::string(60'000, 'x')).ok());
  ExpectDone("");
}

TEST_F(ResumableDownloadTest, BeginsAgainWhenNothingLiesBehindWhatIsThere) {
  request_.bytes = 0;
  BreakOff();
  answer_.content.resize(20'000);
  ExpectDone("");
}

TEST_F(ResumableDownloadTest, AsksForNothingOnceItIsWhole) {
  ExpectDone("");
  ASSERT_TRUE(Fetch().ok());
  EXPECT_THAT(server_.requests(), SizeIs(1));
}

TEST_F(ResumableDownloadTest, FollowsRedirects) {
  request_.url = server_.base() + "/moved";
  BreakOff();
  ExpectDone("bytes=20000-");
  EXPECT_EQ(server_.requests().back().if_range, "\"1\"");
}

TEST_F(ResumableDownloadTest, AFileOfAnotherLengthIsRefusedAtOnce) {
  request_.bytes = 49'999;
  const absl::Status status = Fetch();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_EQ(std::string(status.message()),
            server_.url() + " has 50000 bytes, and the published file has 49999");
  EXPECT_EQ(Part(), "");
}

TEST_F(ResumableDownloadTest, WhatTheServerSaysTellsWhetherToTryAgain) {
  const auto code_of = [&](int status) {
    answer_.status = status;
    const absl::StatusCode code = Fetch().code();
    EXPECT_EQ(Part(), "");
    return code;
  };
  EXPECT_EQ(code_of(404), absl::StatusCode::kNotFound);
  EXPECT_EQ(code_of(401), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(code_of(403), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(code_of(500), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code_of(429), absl::StatusCode::kUnavailable);
}

TEST_F(ResumableDownloadTest, AnErrorLeavesWhatHasCome) {
  BreakOff();
  answer_.status = 503;
  EXPECT_TRUE(absl::IsUnavailable(Fetch()));
  answer_.status = 200;
  ExpectDone("bytes=20000-");
}

TEST_F(ResumableDownloadTest, AddressesThatAreNoneAreRefused) {
  for (const char* url : {"", "nonsense://x/y", "file:///etc/passwd", "http://"}) {
    request_.url = url;
    EXPECT_TRUE(absl::IsInvalidArgument(Fetch())) << url;
  }
  request_.url = "http://127.0.0.1:1/x";
  EXPECT_TRUE(absl::IsUnavailable(Fetch()));
}

TEST_F(ResumableDownloadTest, OneAtATimeWritesToAPlace) {
  const int other = open(request_.part.c_str(), O_RDWR | O_CREAT, 0644);
  ASSERT_EQ(flock(other, LOCK_EX), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(Fetch()));
  close(other);
  ExpectDone("");
}

TEST_F(ResumableDownloadTest, TheProxyOfTheEnvironmentIsAsked) {
  setenv("http_proxy", server_.base().c_str(), 1);
  request_.url = "http://weights.invalid/files/weights.pth";
  // The server isn't a proxy, but sees the request; without one the name would be looked up.
  EXPECT_FALSE(Fetch().ok());
  unsetenv("http_proxy");
  EXPECT_THAT(server_.requests(), SizeIs(1));
}

}  // namespace
}  // namespace stereofarm
