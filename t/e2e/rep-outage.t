#!/usr/bin/perl
# Reputation against real Redis servers that fail: t/live/rep_outage.c.
use strict;
use warnings;

my $build = $ENV{builddir} || 'build';
exec "$build/t/live/bin/rep_outage" or die "$build/t/live/bin/rep_outage: $!";
