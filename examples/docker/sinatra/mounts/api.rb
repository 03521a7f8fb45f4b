#!/usr/bin/env ruby
# frozen_string_literal: true

require 'bundler/setup'
require 'sinatra'

# Fetched at the start, so that a variable that is missing ends it. KeyError names the variable.
DATABASE_URL = ENV.fetch('DATABASE_URL')

set :bind, '0.0.0.0'
set :port, Integer(ENV.fetch('PORT', '4567'))
set :server, :puma

get('/healthz') { "ok\n" }
