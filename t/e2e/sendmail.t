#!/usr/bin/perl
# The whole product through a real Sendmail.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lab;
use Scenario;
use Test::More;

Scenario::run('sendmail');
done_testing;
