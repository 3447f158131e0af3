#include "tests/unit/cli/weight_server.h"

#include <httplib.h>

#include <algorithm>
#include <mutex>
#include <thread>

namespace stereofarm {

struct WeightServer::Impl {
  httplib::Server server;
  int port = 0;
  std::thread thread;
  mutable std::mutex mutex;
  std::vector<Request> requests;
  Answer answer;
};

WeightServer::WeightServer() : impl_(std::make_unique<Impl>()) {
  // The library handles ranges by itself, but knows no If-Range: it isn't shown them.
  impl_->server.set_pre_routing_handler(
      [this](const httplib::Request& const_request, httplib::Response&) {
        auto& request = const_cast<httplib::Request&>(const_request);
        const std::lock_guard lock(impl_->mutex);
        impl_->requests.push_back(
            {request.get_header_value("Range"), request.get_header_value("If-Range")});
        request.ranges.clear();
        return httplib::Server::HandlerResponse::Unhandled;
      });
  impl_->server.Get("/moved", [](const httplib::Request&, httplib::Response& response) {
    response.set_header("ETag", "\"of the redirect\"");
    response.set_redirect("/files/weights.pth");
  });
  impl_->server.Get("/files/weights.pth", [this](const httplib::Request& request,
                                                 httplib::Response& response) {
    Answer answer;
    {
      const std::lock_guard lock(impl_->mutex);
      answer = impl_->answer;
    }
    if (!answer.etag.empty()) response.set_header("ETag", answer.etag);
    if (!answer.last_modified.empty()) {
      response.set_header("Last-Modified", answer.last_modified);
    }
    const std::string range = request.get_header_value("Range");
    const std::string if_range = request.get_header_value("If-Range");
    const bool unchanged = if_range.empty() || (!answer.etag.empty() && if_range == answer.etag) ||
                           if_range == answer.last_modified;
    const size_t size = answer.content.size();
    size_t begin = 0;
    response.status = answer.status;
    if (answer.status == 200 && answer.ranges && unchanged && range.starts_with("bytes=")) {
      begin = std::stoul(range.substr(6));
      if (begin >= size) {
        response.status = 416;
        return;
      }
      response.status = 206;
      response.set_header("Content-Range", "bytes " + std::to_string(begin) + "-" +
                                               std::to_string(size - 1) + "/" +
                                               std::to_string(size));
    }
    response.set_content_provider(
        size - begin, "application/octet-stream",
        [answer, begin, sent = size_t{0}](size_t offset, size_t length,
                                          httplib::DataSink& sink) mutable {
          const size_t left = answer.break_at ? *answer.break_at - sent : length;
          if (left == 0) return false;
          length = std::min<size_t>({length, left, 1000});
          sent += length;
          return sink.write(answer.content.data() + begin + offset, length);
        });
  });
  impl_->port = impl_->server.bind_to_any_port("127.0.0.1");
  impl_->thread = std::thread([this] { impl_->server.listen_after_bind(); });
}

WeightServer::~WeightServer() {
  while (!impl_->server.is_running()) std::this_thread::yield();
  impl_->server.stop();
  impl_->thread.join();
}

std::string WeightServer::base() const { return "http://127.0.0.1:" + std::to_string(impl_->port); }

void WeightServer::Give(const Answer& answer) {
  const std::lock_guard lock(impl_->mutex);
  impl_->answer = answer;
}

std::vector<WeightServer::Request> WeightServer::requests() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->requests;
}

}  // namespace stereofarm
