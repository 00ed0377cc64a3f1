#!/usr/bin/perl
# The whole product through a real Postfix.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lab;
use Scenario;
use Test::More;

Scenario::run('postfix');
done_testing;
